// Whatever has a sid, by sid. Sids are small, grow by one and are never used again: pages of an array, and a page goes with the last of
// its sids. Plainly a Map: among 200 000, its hash table costs a message two more misses of the processor's caches.

/** Sids of a page. */
const PAGE = 256;

interface Page<T> {
  readonly slots: (T | undefined)[];
  used: number;
}

export class SidTable<T> implements Iterable<T> {
  readonly #pages: (Page<T> | undefined)[] = [];

  /** What has this sid, which may be any number. */
  get(sid: number): T | undefined {
    // A shift is right for whole numbers of 32 bits.
    const page = sid >>> 0 === sid ? sid >>> 8 : Math.floor(sid / PAGE);
    return this.#pages[page]?.slots[sid % PAGE];
  }

  /** @param sid a whole number, 0 or more, that was never used before */
  set(sid: number, value: T): void {
    const index = Math.floor(sid / PAGE);
    fill(this.#pages, index);
    const page = this.#pages[index] ?? { slots: [], used: 0 };
    this.#pages[index] = page;
    fill(page.slots, sid % PAGE);
    page.slots[sid % PAGE] = value;
    page.used++;
  }

  /** Forgets it; does nothing for a sid that nothing has. */
  delete(sid: number): void {
    const index = Math.floor(sid / PAGE);
    const page = this.#pages[index];
    if (page?.slots[sid % PAGE] === undefined) return;
    page.slots[sid % PAGE] = undefined;
    if (--page.used === 0) this.#pages[index] = undefined;
  }

  /** In the order of their sids. */
  *[Symbol.iterator](): Generator<T> {
    for (const page of this.#pages) {
      for (const value of page?.slots ?? []) if (value !== undefined) yield value;
    }
  }
}

// An array with holes would be a hash table again.
function fill(array: unknown[], index: number): void {
  while (array.length <= index) array.push(undefined);
}
