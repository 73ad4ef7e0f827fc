// Counts by the second over the last minute, for a rate and a line. Pure: the time is an argument, in milliseconds.

export const SECONDS = 60;

export class Meter {
  // One place for each second, and the running one; `#second` is the one the last place stands for.
  readonly #counts: number[] = new Array<number>(SECONDS + 1).fill(0);
  #second = 0;

  add(now: number, count = 1): void {
    this.#advance(now);
    this.#counts[SECONDS] = (this.#counts[SECONDS] ?? 0) + count;
  }

  /** The last whole second. */
  perSecond(now: number): number {
    this.#advance(now);
    return this.#counts[SECONDS - 1] ?? 0;
  }

  /** The last {@link SECONDS} whole seconds, oldest first. */
  history(now: number): number[] {
    this.#advance(now);
    return this.#counts.slice(0, SECONDS);
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1_000);
    const passed = Math.min(second - this.#second, SECONDS + 1);
    if (passed <= 0) return;
    this.#second = second;
    this.#counts.splice(0, passed);
    while (this.#counts.length <= SECONDS) this.#counts.push(0);
  }
}
