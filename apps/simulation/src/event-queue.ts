// Things to come, earliest first, and of two at one moment the older one: a binary heap over plain numbers, so that a hundred
// thousand clients can be played at once.

export class EventQueue {
  // Parallel: when, in which order it came, and what.
  readonly #at: number[] = [];
  readonly #order: number[] = [];
  readonly #what: number[] = [];
  #count = 0;

  /** When the next one is due; `Infinity` when there is none. */
  get next(): number {
    return this.#at[0] ?? Number.POSITIVE_INFINITY;
  }

  push(at: number, what: number): void {
    let place = this.#at.length;
    const order = this.#count++;
    this.#set(place, at, order, what);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#isBefore(at, order, above)) break;
      this.#copy(above, place);
      place = above;
    }
    this.#set(place, at, order, what);
  }

  /** Takes out the next one; -1 when there is none. */
  pop(): number {
    const first = this.#what[0];
    const at = this.#at.pop();
    const order = this.#order.pop();
    const what = this.#what.pop();
    if (first === undefined || at === undefined || order === undefined || what === undefined) return -1;
    const { length } = this.#at;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      if (below + 1 < length && this.#isBefore(this.#at[below + 1] ?? 0, this.#order[below + 1] ?? 0, below)) below++;
      if (this.#isBefore(at, order, below)) break;
      this.#copy(below, place);
      place = below;
    }
    this.#set(place, at, order, what);
    return first;
  }

  #isBefore(at: number, order: number, place: number): boolean {
    const other = this.#at[place] ?? 0;
    return at < other || (at === other && order < (this.#order[place] ?? 0));
  }

  #copy(from: number, to: number): void {
    this.#set(to, this.#at[from] ?? 0, this.#order[from] ?? 0, this.#what[from] ?? 0);
  }

  #set(place: number, at: number, order: number, what: number): void {
    this.#at[place] = at;
    this.#order[place] = order;
    this.#what[place] = what;
  }
}
