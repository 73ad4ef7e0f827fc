// The account of one node's departure: it announces that it leaves, everybody on it moves to another one, it ends, and comes
// back. What failed or got lost from the announcement on is read off the two accounts; nothing of it is allowed. The moves are
// in scenario.ts, the judgement in verdict.ts.

import type { Ledger } from "./ledger.js";
import type { RequestBook } from "./request-book.js";
import type { MoveRecord } from "./verdict.js";

export class Departure {
  readonly node: string;
  readonly #act: string;
  readonly #at: number;
  readonly #book: RequestBook;
  readonly #ledger: Ledger;
  readonly #before: { readonly failed: number; readonly lost: number; readonly astray: number };
  #load: MoveRecord["load"];
  #witness: string | undefined;
  #leftAfter: number | undefined;
  #cut = 0;

  /**
   * @param node the node that leaves
   * @param loadIsThere the connection with the load is on it
   */
  constructor(act: string, node: string, loadIsThere: boolean, book: RequestBook, ledger: Ledger, now: number) {
    this.node = node;
    this.#act = act;
    this.#at = now;
    this.#book = book;
    this.#ledger = ledger;
    this.#before = { failed: book.failedUnexcused, ...missing(ledger) };
    this.#load = loadIsThere ? "stayed" : "elsewhere";
    book.watchSilence(now);
  }

  /** A connection has moved; moves from other nodes are none of ours. */
  moved(who: "load" | "witness", from: string, to: string): void {
    if (from !== this.node) return;
    if (who === "load") this.#load = { to };
    else this.#witness = to;
  }

  /** A connection of ours was cut off, on whatever node. */
  cut(): void {
    this.#cut++;
  }

  /** The node says that nobody is on it any more. */
  left(now: number): void {
    this.#leftAfter ??= now - this.#at;
  }

  /** What came of it; to be asked when every request and message of the time has come to its end. */
  record(now: number): Omit<MoveRecord, "silent" | "stall"> {
    const { astray, lost } = missing(this.#ledger);
    return {
      act: this.#act,
      node: this.node,
      load: this.#load,
      witness: this.#witness,
      leftAfter: this.#leftAfter,
      failed: this.#book.failedUnexcused - this.#before.failed,
      lost: lost - this.#before.lost,
      astray: astray - this.#before.astray,
      cut: this.#cut,
      silence: this.#book.longestSilence(now),
    };
  }
}

function missing({ totals }: Ledger): { readonly lost: number; readonly astray: number } {
  const { duplicated, lost, lostInFlight, refused, reordered, unwitnessed } = totals;
  return { lost: lost + lostInFlight + refused + unwitnessed, astray: duplicated + reordered };
}
