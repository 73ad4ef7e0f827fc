// Time that moves only when told to. Timers run in the order in which they are due; between two of them everything that
// follows from the first is given the time to happen. No real delay anywhere.

import type { Clock } from "@myelin/contracts";
import { TimerHeap } from "./timer-heap.js";

// Turns of the real event loop without end-of-turn work after which all promise reactions are taken to have run. One
// drains every chain of promises; the second is for code that itself waits for a turn (setImmediate, streams).
const QUIET_TURNS = 2;

const BEGIN = Date.UTC(2030, 0, 1);

/** How a {@link VirtualClock} keeps time. */
export interface VirtualClockOptions {
  /**
   * Milliseconds to whose next multiple every timer is put off; those of one moment then run together, in order, before what
   * follows from them. For thousands of clients, of which each has timers of its own. Default 0: every timer at its own time.
   */
  readonly resolution?: number;
}

/**
 * A Clock for tests. `now` starts at 0. End-of-turn work runs by itself, at the real end of the turn, so that bytes flow
 * through a memory transport without any call of `advance`.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #slept = 0;
  readonly #timers = new TimerHeap();
  #work: (() => void)[] = [];
  readonly #failures: unknown[] = [];
  readonly #resolution: number;

  constructor({ resolution = 0 }: VirtualClockOptions = {}) {
    this.#resolution = resolution;
  }

  /** Virtual milliseconds since the clock was made. */
  now(): number {
    return this.#now;
  }

  /** Begins in the year 2030 and passes with `now`, but for {@link sleep}. */
  wallTime(): number {
    return BEGIN + this.#now + this.#slept;
  }

  /** The machine sleeps: the wall clock goes on, and nothing else does. */
  sleep(ms: number): void {
    this.#slept += ms;
  }

  after(ms: number, run: () => void): () => void {
    const due = this.#now + Math.max(0, ms);
    const coarse = this.#resolution;
    return this.#timers.add(coarse > 0 ? Math.ceil(due / coarse) * coarse : due, run);
  }

  endOfTurn(run: () => void): void {
    this.#work.push(run);
    if (this.#work.length === 1) setImmediate(() => this.#runWork());
  }

  /** The process stands still for `ms` milliseconds: they have passed when it goes on, and what fell due runs late. */
  stall(ms: number): Promise<void> {
    this.#now += ms;
    return this.advance(0);
  }

  /** Timers that have neither run nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due, `undefined` when there is none. */
  get untilNext(): number | undefined {
    const due = this.#timers.nextDue;
    return due === undefined ? undefined : due - this.#now;
  }

  /**
   * Lets `ms` milliseconds pass, running what falls due in order. Rejects with what a timer or end-of-turn work threw;
   * time has then stopped at that moment.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    while ((this.#timers.nextDue ?? Number.POSITIVE_INFINITY) <= end) await this.#fire();
    this.#now = end;
    await this.settle();
  }

  /** Jumps to the next timer, runs it and all others due at that moment, and says how many milliseconds that took. */
  async advanceToNext(): Promise<number> {
    await this.settle();
    const start = this.#now;
    const first = this.#timers.nextDue;
    if (first === undefined) return 0;
    while ((this.#timers.nextDue ?? Number.POSITIVE_INFINITY) <= first) await this.#fire();
    return this.#now - start;
  }

  /** Lets time pass, timer by timer, until the promise settles, and returns it; rejects after `limit` ms (one hour). */
  async until<T>(promise: Promise<T>, limit = 3_600_000): Promise<T> {
    const end = this.#now + limit;
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    for (await this.settle(); !settled; ) {
      const next = this.#timers.nextDue;
      if (next === undefined || next > end) {
        const why = next === undefined ? "no timer is left that could settle it" : `not within ${limit} ms`;
        throw new Error(`the promise did not settle by ${this.#now} ms of virtual time: ${why}`);
      }
      await this.#fire();
    }
    return promise;
  }

  /** Waits until everything that can happen now has happened: promise reactions and end-of-turn work. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      if (this.#work.length > 0) quiet = 0;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#failures.length > 0) throw this.#failures.shift();
    }
    if (this.#work.length > 0) await this.settle();
  }

  async #fire(): Promise<void> {
    // Not those that are set meanwhile: what sets itself again at once must not keep everything else from happening.
    const { age } = this.#timers;
    let timer = this.#timers.take();
    if (timer === undefined) return;
    this.#now = Math.max(this.#now, timer.due);
    timer.run();
    while (this.#resolution > 0) {
      timer = this.#timers.take(this.#now, age);
      if (timer === undefined) break;
      timer.run();
    }
    await this.settle();
  }

  #runWork(): void {
    // What this work asks for in turn belongs to the next turn.
    const work = this.#work;
    this.#work = [];
    for (const run of work) {
      try {
        run();
      } catch (error) {
        this.#failures.push(error); // told to whoever moves the clock
      }
    }
  }
}
