// One timer for many things that are due the same time after they were added, such as the PINGs of all clients. Being alike
// they fall due in the order in which they came, so a queue is enough and nothing is ever sorted.

import type { Clock } from "@myelin/contracts";

interface Item<T> {
  readonly due: number;
  readonly value: T;
}

export class DueQueue<T> {
  readonly #clock: Clock;
  readonly #run: (value: T) => void;
  readonly #wanted: (value: T) => boolean;
  #items: Item<T>[] = [];
  #head = 0;
  #cancel: (() => void) | undefined;

  /**
   * @param ms how long after `add` a value is due
   * @param wanted values that are not wanted any more are passed over, and never keep the timer running
   */
  constructor(
    clock: Clock,
    readonly ms: number,
    wanted: (value: T) => boolean,
    run: (value: T) => void,
  ) {
    this.#clock = clock;
    this.#wanted = wanted;
    this.#run = run;
  }

  add(value: T): void {
    this.#items.push({ due: this.#clock.now() + this.ms, value });
    this.#schedule();
  }

  /** Drops what is not wanted at the head, so that no timer is left when nothing is. */
  tidy(): void {
    const head = this.#items[this.#head];
    if (head === undefined || this.#wanted(head.value)) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#schedule();
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#items = [];
    this.#head = 0;
  }

  #schedule(): void {
    if (this.#cancel !== undefined) return;
    const next = this.#next();
    if (next === undefined) return;
    this.#cancel = this.#clock.after(next.due - this.#clock.now(), () => {
      this.#cancel = undefined;
      const now = this.#clock.now();
      for (let item = this.#next(); item !== undefined && item.due <= now; item = this.#next()) {
        this.#head++;
        this.#run(item.value);
      }
      this.#schedule();
    });
  }

  #next(): Item<T> | undefined {
    for (; this.#head < this.#items.length; this.#head++) {
      const item = this.#items[this.#head];
      if (item !== undefined && this.#wanted(item.value)) break;
    }
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return this.#items[this.#head];
  }
}
