// Timers in the order in which they are due; of two due at the same time the older one comes first. A binary heap, because a fleet
// of simulated clients has hundreds of thousands of them. What is cancelled is passed over, and cleared out in bulk.

/** A timer in a heap. */
export interface HeapTimer {
  readonly due: number;
  readonly order: number;
  /** Undefined once it was taken or cancelled. */
  run: (() => void) | undefined;
}

export class TimerHeap {
  #heap: HeapTimer[] = [];
  #dead = 0;
  #order = 0;

  /** Timers neither taken nor cancelled. */
  get size(): number {
    return this.#heap.length - this.#dead;
  }

  /** Returns what cancels it. */
  add(due: number, run: () => void): () => void {
    const timer: HeapTimer = { due, order: this.#order++, run };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return () => {
      if (timer.run === undefined) return;
      timer.run = undefined;
      this.#dead++;
      if (this.#dead > 64 && this.#dead * 2 > this.#heap.length) this.#clearOut();
    };
  }

  /** When the next one is due. */
  get nextDue(): number | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.run !== undefined) return top.due;
      this.#dead--;
      this.#removeTop();
    }
    return undefined;
  }

  /** Every timer added so far is older than this. */
  get age(): number {
    return this.#order;
  }

  /** Takes the next one out, if it is due by then and as old; the caller runs it. */
  take(
    by: number = Number.POSITIVE_INFINITY,
    olderThan: number = Number.POSITIVE_INFINITY,
  ): { readonly due: number; readonly run: () => void } | undefined {
    const due = this.nextDue;
    const top = this.#heap[0];
    const run = top?.run;
    if (due === undefined || top === undefined || run === undefined) return undefined;
    if (due > by || top.order >= olderThan) return undefined;
    top.run = undefined;
    this.#removeTop();
    return { due, run };
  }

  #clearOut(): void {
    this.#heap = this.#heap.filter(({ run }) => run !== undefined).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#dead = 0;
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const moving = heap[from];
    let at = from;
    while (at > 0 && moving !== undefined) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(moving, parent)) break;
      heap[at] = parent;
      heap[above] = moving;
      at = above;
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const moving = heap[from];
    let at = from;
    while (moving !== undefined) {
      const left = heap[at * 2 + 1];
      const right = heap[at * 2 + 2];
      if (left === undefined) break;
      const [child, below] = right !== undefined && isBefore(right, left) ? [right, at * 2 + 2] : [left, at * 2 + 1];
      if (!isBefore(child, moving)) break;
      heap[at] = child;
      heap[below] = moving;
      at = below;
    }
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
