// Keeps account of everything that was called: what it threw, what became of its promises, which signals are still listened to. Says
// in the end what is wrong, in sentences.

import { getEventListeners } from "node:events";
import { ABORTED, MINE, type Row, type Scene } from "./calls.js";
import type { Entry } from "./table.js";

interface Promised {
  readonly by: Entry;
  readonly promise: Promise<unknown>;
}

export class Ledger {
  readonly problems: string[] = [];
  readonly #promised: Promised[] = [];
  readonly #signals: AbortController[] = [];
  readonly #calls: string[] = [];

  /** Everything called so far, in order. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  /** Makes a call. What it throws is judged at once; what it promises is not touched before {@link settled}. */
  call(entry: Entry, scene: Scene): void {
    this.#calls.push(entry.name);
    try {
      const answer: unknown = entry.call(scene);
      for (const one of Array.isArray(answer) ? (answer as unknown[]) : [answer]) {
        if (one instanceof Promise) this.#promised.push({ by: entry, promise: one });
      }
    } catch (error) {
      this.#judge(entry, error);
    }
  }

  signal(): AbortSignal {
    const controller = new AbortController();
    this.#signals.push(controller);
    return controller.signal;
  }

  /** Aborts every signal given so far. */
  abort(): void {
    for (const one of this.#signals) one.abort(ABORTED);
  }

  /**
   * Looks at every promise now, which until now nobody did: one that had rejected meanwhile was told to the process, should the
   * library not have taken care of it. `wait` gives them the time they may take.
   */
  async settled(wait: (all: Promise<unknown>) => Promise<unknown>): Promise<void> {
    const open = new Set(this.#promised);
    const all = this.#promised.map((one) =>
      one.promise.then(
        () => void open.delete(one),
        (error: unknown) => {
          open.delete(one);
          this.#judge(one.by, error);
        },
      ),
    );
    try {
      await wait(Promise.all(all));
    } catch (error) {
      for (const { by } of open) this.problems.push(`${by.name} never settled`);
      if (open.size === 0) this.problems.push(`waiting for all promises: ${printed(error)}`);
    }
  }

  /** Nobody may listen to a signal any more. */
  released(): void {
    for (const { signal } of this.#signals) {
      const count = getEventListeners(signal, "abort").length;
      if (count > 0) this.problems.push(`${count} listeners are left on a signal`);
    }
  }

  #judge({ name, row }: { readonly name: string; readonly row: Row }, error: unknown): void {
    if (error === ABORTED || (error === MINE && name.startsWith("user code."))) return;
    if (error instanceof Error && row.fails.some((type) => error.constructor === type)) return;
    this.problems.push(`${name} failed with ${printed(error)}, which is not among its errors`);
  }
}

/** An error in one line with the place it came from. */
export function printed(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)).split("\n").slice(0, 3).join(" | ") : typeof error;
}
