// How long this process itself stood still, so that a busy machine is not taken for a fault.

const TICK_MS = 20;
const KEPT = 512;

export class Stalls {
  readonly #timer: NodeJS.Timeout;
  #seen: { readonly at: number; readonly ms: number }[] = [];
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** The longest one that ended after this moment, in milliseconds. */
  longestSince(at: number): number {
    const current = performance.now() - this.#last - TICK_MS;
    return Math.max(0, current, ...this.#seen.filter((one) => one.at >= at).map(({ ms }) => ms));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    const ms = now - this.#last - TICK_MS;
    this.#last = now;
    if (ms > TICK_MS) this.#seen = [...this.#seen, { at: now, ms }].slice(-KEPT);
  }
}
