// An outage as one connection meets it: how long it has lasted, how much has failed in it, and before when no server at all is dialled.
// What a single server has to wait is kept with the server. Who is asked for that time is the pace of the backoff: pace.ts.

import type { Random } from "@myelin/contracts";
import { safePace } from "./guarded-policy.js";
import type { ResolvedPoolOptions } from "./options.js";
import type { ServerFailure } from "./server.js";

const AT_ONCE = Number.NEGATIVE_INFINITY;

export class Outage {
  readonly #options: ResolvedPoolOptions;
  readonly #random: Random;
  readonly #report: (error: Error) => void;
  /** Failed dials and connections that broke at once, since the last connection that lasted. */
  #strikes = 0;
  // When the outage began that #strikes counts in.
  #since: number | undefined;
  /** No server is dialled before. Only read from outside, as the next. */
  notBefore: number = AT_ONCE;
  /** Whether that is for a failure; else it is for the jitter of the first attempt. */
  paced = false;

  constructor(options: ResolvedPoolOptions, random: Random, report: (error: Error) => void) {
    this.#options = options;
    this.#random = random;
    this.#report = report;
  }

  /** A connection was lost, one that was up for a short time only or one that had lasted. */
  lost(failure: ServerFailure, short: boolean, servers: number, now: number): void {
    this.notBefore = now + this.#random() * this.#options.firstAttemptJitter;
    this.paced = false;
    // A whole cluster that throws everybody out may not be dialled in turn.
    if (short && this.#strikes > 0) this.#hold(failure, servers, now);
    this.#strikes = short ? this.#strikes + 1 : 0;
    if (!short) this.#since = now;
  }

  /** A dial failed, and as a rule that counts. */
  failed(failure: ServerFailure, counts: boolean, servers: number, now: number): void {
    if (counts) this.#strikes += 1;
    this.#hold(failure, servers, now);
  }

  /** A connection lasts. A wait that was begun stays. */
  over(): void {
    this.#strikes = 0;
    this.#since = undefined;
  }

  /** Ends the wait as well. */
  wakeNow(): void {
    this.notBefore = AT_ONCE;
    this.over();
  }

  /** The clock went back by so much, which is negative. */
  shift(back: number): void {
    this.notBefore += back;
    if (this.#since !== undefined) this.#since += back;
  }

  // Nobody is dialled for a while.
  #hold(failure: ServerFailure, servers: number, now: number): void {
    this.#since ??= now;
    const context = {
      failuresInOutage: Math.max(1, this.#strikes),
      outageMs: now - this.#since,
      failure,
      servers,
      firstAttemptJitter: this.#options.firstAttemptJitter,
      random: this.#random,
    };
    const until = now + safePace(this.#options.backoff, context, this.#report);
    if (until <= this.notBefore || until === now) return;
    this.notBefore = until;
    this.paced = true;
  }
}
