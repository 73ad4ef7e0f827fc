// The account of requests: each ends once, in time, with an answer or with an error that is documented and that something allows.
// Pure. Messages are in messages.ts.

import type { Presence } from "./presence.js";
import type { Trouble } from "./trouble.js";

export interface CallTotals {
  readonly made: number;
  readonly answered: number;
  /** Ended with an error that was allowed, by code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Ended otherwise, late, or never. */
  readonly wrong: number;
  /** The longest a request in flight took to end after its link was lost, in milliseconds. */
  readonly worstSettle: number;
}

interface Ended {
  readonly at: number;
  readonly endedAt: number;
  readonly code: string;
}

/** Milliseconds a request may end later than its time-out on a busy machine, and after its link was lost. */
export const LATE = 1_000;

export class CallAccount {
  readonly #requester: Presence;
  readonly #responders: readonly Presence[];
  readonly #trouble: Trouble;
  readonly #timeout: number;
  readonly #complain: (what: string) => void;
  readonly #open = new Map<number, number>();
  readonly #failed: Record<string, number> = {};
  #ended: Ended[] = [];
  #next = 0;
  #answered = 0;
  #wrong = 0;
  #worstSettle = 0;

  constructor(
    parts: {
      requester: Presence;
      responders: readonly Presence[];
      trouble: Trouble;
      /** Of each request, in milliseconds. */
      timeout: number;
    },
    complain: (what: string) => void,
  ) {
    this.#requester = parts.requester;
    this.#responders = parts.responders;
    this.#trouble = parts.trouble;
    this.#timeout = parts.timeout;
    this.#complain = complain;
  }

  get inFlight(): number {
    return this.#open.size;
  }

  /** The number of a request that is being made. */
  made(at: number): number {
    this.#open.set(this.#next, at);
    return this.#next++;
  }

  /** It has ended: `undefined` = with an answer, else with an error of this code. */
  ended(number: number, endedAt: number, code: string | undefined): void {
    const at = this.#open.get(number);
    if (at === undefined) {
      this.#fault(`request ${number} ended twice`);
      return;
    }
    this.#open.delete(number);
    if (endedAt - at > this.#timeout + LATE) {
      this.#fault(`a request took ${Math.round(endedAt - at)} ms to end; its time-out was ${this.#timeout} ms`);
    }
    if (code === undefined) this.#answered++;
    else this.#ended.push({ at, endedAt, code });
  }

  /** Gives a verdict on what ended before this moment. */
  judge(before: number): void {
    this.#ended = this.#ended.filter((one) => {
      if (one.endedAt >= before) return true;
      this.#judgeOne(one);
      return false;
    });
  }

  /** No request may be open any more. */
  end(): void {
    if (this.#open.size > 0) this.#fault(`${this.#open.size} requests never ended`, this.#open.size);
  }

  get totals(): CallTotals {
    return {
      made: this.#next,
      answered: this.#answered,
      failed: this.#failed,
      wrong: this.#wrong,
      worstSettle: this.#worstSettle,
    };
  }

  #judgeOne({ at, endedAt, code }: Ended): void {
    if (!this.#allowed(at, endedAt, code)) {
      this.#fault(`a request of ${Math.round(at)} ms ended with ${code} after ${Math.round(endedAt - at)} ms`);
    } else this.#failed[code] = (this.#failed[code] ?? 0) + 1;
  }

  #allowed(at: number, endedAt: number, code: string): boolean {
    if (code === "DISCONNECTED") {
      const lostAt = this.#requester.lossWithin(at, endedAt + 1);
      if (lostAt === undefined) return false;
      this.#worstSettle = Math.max(this.#worstSettle, endedAt - lostAt);
      return endedAt - lostAt <= LATE;
    }
    if (code !== "NO_RESPONDERS" && code !== "TIMEOUT") return false;
    return [this.#requester, ...this.#responders].some(
      (one) =>
        one.receivingMayFail(at, endedAt) ||
        this.#trouble.holdsUp(one, at, endedAt) ||
        this.#trouble.leavesGhost(one, at, endedAt),
    );
  }

  #fault(what: string, count = 1): void {
    this.#wrong += count;
    this.#complain(what);
  }
}
