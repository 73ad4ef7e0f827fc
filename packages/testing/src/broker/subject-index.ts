// Patterns to look up by subject, without a node for each token. Patterns whose wildcards stand at the same places have one
// shape; there are few shapes, and within one a subject is a single look-up in a map. A hundred thousand inboxes are one map
// with a hundred thousand keys. No subscriptions, no messages here.

import { hasWildcards } from "@myelin/protocol";

interface Shape<E> {
  /** Tokens before a final `>`, or all of them. */
  readonly tokens: number;
  /** For each token whether it is `*`. */
  readonly stars: readonly boolean[];
  /** Ends in `>`. */
  readonly open: boolean;
  readonly entries: Map<string, E>;
}

/** One entry for each pattern. All patterns are taken to be valid. */
export class SubjectIndex<E> {
  readonly #literal = new Map<string, E>();
  readonly #shapes = new Map<string, Shape<E>>();

  /** How many patterns have an entry. */
  get size(): number {
    let size = this.#literal.size;
    for (const { entries } of this.#shapes.values()) size += entries.size;
    return size;
  }

  get(pattern: string): E | undefined {
    if (!hasWildcards(pattern)) return this.#literal.get(pattern);
    return this.#shapes.get(shapeName(pattern))?.entries.get(pattern);
  }

  set(pattern: string, entry: E): void {
    if (!hasWildcards(pattern)) this.#literal.set(pattern, entry);
    else this.#shapeOf(pattern).entries.set(pattern, entry);
  }

  delete(pattern: string): void {
    if (this.#literal.delete(pattern)) return;
    const name = shapeName(pattern);
    const shape = this.#shapes.get(name);
    shape?.entries.delete(pattern);
    if (shape?.entries.size === 0) this.#shapes.delete(name);
  }

  /** The entries whose patterns match the subject. A `*` in the subject itself is a token like any other. */
  matching(subject: string): E[] {
    const found: E[] = [];
    const literal = this.#literal.get(subject);
    if (literal !== undefined) found.push(literal);
    if (this.#shapes.size === 0) return found;
    const tokens = subject.split(".");
    for (const shape of this.#shapes.values()) {
      if (shape.open ? tokens.length <= shape.tokens : tokens.length !== shape.tokens) continue;
      let pattern = "";
      for (let i = 0; i < shape.tokens; i++) {
        if (i > 0) pattern += ".";
        pattern += shape.stars[i] === true ? "*" : tokens[i];
      }
      if (shape.open) pattern += shape.tokens > 0 ? ".>" : ">";
      const entry = shape.entries.get(pattern);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  /** Every entry. */
  *[Symbol.iterator](): IterableIterator<E> {
    yield* this.#literal.values();
    for (const { entries } of this.#shapes.values()) yield* entries.values();
  }

  #shapeOf(pattern: string): Shape<E> {
    const name = shapeName(pattern);
    const known = this.#shapes.get(name);
    if (known !== undefined) return known;
    const open = name.endsWith(">");
    const stars = [...name].filter((kind) => kind !== ">").map((kind) => kind === "*");
    const shape: Shape<E> = { tokens: stars.length, stars, open, entries: new Map() };
    this.#shapes.set(name, shape);
    return shape;
  }
}

/** One character for each token: `*`, `>`, or `.` for any other. */
function shapeName(pattern: string): string {
  return pattern
    .split(".")
    .map((token) => (token === "*" || token === ">" ? token : "."))
    .join("");
}
