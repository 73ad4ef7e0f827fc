// The steady load on the connection that is watched: so many requests and as many numbered publishes a second, on whatever
// link there is, none of them retried. It keeps the two accounts; it judges nothing.

import type { realClock } from "@myelin/testing";
import { DisconnectedError, type NatsConnection, NoRespondersError, TimeoutError } from "myelin";
import type { Ledger } from "./ledger.js";
import { Latency, Rate } from "./meter.js";
import type { Outcome, RequestBook } from "./request-book.js";

export type Clock = typeof realClock;

/** Subjects of the demo. */
export const subjects: { readonly load: string; readonly request: string; readonly own: string } = Object.freeze({
  load: "demo.load",
  request: "demo.request",
  own: "demo.own",
});

/** Silence after which the demo's connections ping; short, so that a paused server is noticed while somebody watches. */
export const PING_INTERVAL_MS = 1_000;

/** Longer than any outage here: a request must end because its link was lost, not because it gave up by itself. */
export const REQUEST_TIMEOUT_MS = 3_000;
const TICK_MS = 4;
const HISTORY_BUCKET_MS = 500;

export interface LoadOptions {
  /** Requests a second, and publishes a second. */
  readonly rate: number;
  readonly clock: Clock;
  readonly book: RequestBook;
  readonly ledger: Ledger;
}

export class Load {
  readonly answers: Rate = new Rate(HISTORY_BUCKET_MS);
  readonly publishes: Rate = new Rate(HISTORY_BUCKET_MS);
  readonly latency: Latency = new Latency();
  readonly #connection: NatsConnection;
  readonly #options: LoadOptions;
  #stop: (() => void) | undefined;
  #tickedAt = 0;
  #debt = 0;
  #worstStall = 0;

  constructor(connection: NatsConnection, options: LoadOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Requests a second that are asked for, and publishes. */
  get rate(): number {
    return this.#options.rate;
  }

  start(): void {
    this.#tickedAt = this.#options.clock.now();
    this.#schedule();
  }

  /** No more requests or publishes; those in flight go on. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** The longest this process was late for its own work since the last call, in milliseconds. */
  takeWorstStall(): number {
    const stall = this.#worstStall;
    this.#worstStall = 0;
    return stall;
  }

  #schedule(): void {
    this.#stop = this.#options.clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const now = this.#options.clock.now();
    const passed = now - this.#tickedAt;
    this.#tickedAt = now;
    this.#worstStall = Math.max(this.#worstStall, passed - TICK_MS);
    // After a stall of our own the lost time is not made up for: a burst would be no steady load.
    this.#debt += (Math.min(passed, 50) * this.#options.rate) / 1000;
    for (; this.#debt >= 1; this.#debt--) {
      this.#publish(now);
      this.#request(now);
    }
    this.#schedule();
  }

  #publish(now: number): void {
    const { ledger } = this.#options;
    const number = ledger.published(now);
    this.publishes.count(now);
    try {
      this.#connection.publish(subjects.load, String(number));
    } catch {
      ledger.refused(number);
    }
  }

  #request(now: number): void {
    const { book, clock } = this.#options;
    const number = book.sent(now);
    this.#connection.request(subjects.request, String(number), { timeout: REQUEST_TIMEOUT_MS }).then(
      (answer) => {
        const at = clock.now();
        if (answer.string() !== String(number)) {
          book.ended(number, at, "failed", `the answer belongs to request ${answer.string()}`);
          return;
        }
        this.latency.record(book.ended(number, at, "answered"));
        this.answers.count(at);
      },
      (error: unknown) => book.ended(number, clock.now(), outcomeOf(error), String(error)),
    );
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof DisconnectedError) return "disconnected";
  if (error instanceof NoRespondersError) return "no-responders";
  return error instanceof TimeoutError ? "timeout" : "failed";
}
