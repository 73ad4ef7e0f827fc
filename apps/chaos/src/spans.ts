// Spans of time, and whether one was under way at some moment. Pure. What they stand for is the business of those who keep them.

/** From a moment to a later one, both in milliseconds; one that lasts ends at `Infinity`. */
export interface Span {
  readonly from: number;
  to: number;
}

/** Spans of several keys, such as nodes. */
export class Spans<K> {
  readonly #spans = new Map<K, Span[]>();

  /** One begins. */
  begin(key: K, from: number): void {
    const spans = this.#spans.get(key) ?? [];
    this.#spans.set(key, spans);
    spans.push({ from, to: Number.POSITIVE_INFINITY });
  }

  /** What began last for this key, and has not ended, ends. */
  end(key: K, to: number): void {
    const open = this.#spans.get(key)?.findLast((span) => span.to === Number.POSITIVE_INFINITY);
    if (open !== undefined) open.to = to;
  }

  /** True when one of this key has a moment in common with `from … to`. */
  meets(key: K, from: number, to: number = from): boolean {
    return this.during(key, from, to).length > 0;
  }

  /** Those of this key that have a moment in common with `from … to`. */
  during(key: K, from: number, to: number = from): readonly Span[] {
    return (this.#spans.get(key) ?? []).filter((span) => span.from <= to && span.to >= from);
  }

  /** Leaves out what ended before this moment. */
  forget(before: number): void {
    for (const [key, spans] of this.#spans) {
      this.#spans.set(
        key,
        spans.filter(({ to }) => to >= before),
      );
    }
  }
}
