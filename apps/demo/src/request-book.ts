// The account of the request load: every request from its sending to its one end, and for every lost link what was in flight,
// how it ended, how soon, and when the next answer came. Pure: no clock, no connection. Publishes are in ledger.ts.

/** How a request ended. `failed` is any error that is none of the others. */
export type Outcome = "answered" | "disconnected" | "no-responders" | "timeout" | "failed";

/** Requests that were in flight when a link was lost. */
export interface LinkLoss {
  /** When the client told of the loss. */
  readonly at: number;
  readonly inFlight: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Requests of it that have not ended. */
  readonly unsettled: number;
  /** The longest any of them took from the loss to its end, in milliseconds. */
  readonly worstSettle: number;
  /** Milliseconds from the loss to the first answer to a request made after it. */
  readonly nextAnswer: number | undefined;
}

/** Failures outside of a loss: while a link was up, or of requests made during an outage. */
export interface Strays {
  /**
   * While a node with a responder was disturbed: nobody was there ("no responders"), or the server had picked the responder
   * that could not answer any more (a time-out). Delivery is at most once; no client can know better.
   */
  readonly noResponders: number;
  readonly timeouts: number;
  /** All others, and the first few different ones in words. */
  readonly unexplained: number;
  readonly examples: readonly string[];
}

interface OpenLoss {
  at: number;
  inFlight: number;
  outcomes: Record<Outcome, number>;
  unsettled: number;
  worstSettle: number;
  nextAnswer: number | undefined;
}

interface OpenRequest {
  readonly at: number;
  loss: OpenLoss | undefined;
}

export class RequestBook {
  readonly #open = new Map<number, OpenRequest>();
  readonly #losses: OpenLoss[] = [];
  readonly #strays = { noResponders: 0, timeouts: 0, unexplained: 0, examples: [] as string[] };
  #next = 0;
  #answered = 0;
  #failed = 0;
  #provenAt = Number.NEGATIVE_INFINITY;
  #quietSince = 0;
  #longestSilence = 0;
  // When a responder was last out of order; infinite while one is.
  #disturbedUntil = Number.NEGATIVE_INFINITY;

  /** Requests made so far. */
  get made(): number {
    return this.#next;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Ended in any other way. */
  get failed(): number {
    return this.#failed;
  }

  /** Those of them that nothing excuses: made while every responder was in order. */
  get failedUnexcused(): number {
    return this.#failed - this.#strays.noResponders - this.#strays.timeouts;
  }

  get inFlight(): number {
    return this.#open.size;
  }

  get losses(): readonly LinkLoss[] {
    return this.#losses;
  }

  get strays(): Strays {
    return this.#strays;
  }

  /** When the newest request was sent that was answered, or the link came up: until then the server was provably there. */
  get provenAt(): number {
    return this.#provenAt;
  }

  /** A responder is about to fail: whoever asks from now on, or waits, may get nothing. */
  disturb(): void {
    this.#disturbedUntil = Number.POSITIVE_INFINITY;
  }

  /** Every responder is in order again. */
  calm(at: number): void {
    this.#disturbedUntil = Math.min(this.#disturbedUntil, at);
  }

  /** Measures from now on how long no answer comes. */
  watchSilence(at: number): void {
    this.#quietSince = at;
    this.#longestSilence = 0;
  }

  /** The longest time without an answer since it is watched, in milliseconds; that which lasts included. */
  longestSilence(now: number): number {
    return Math.max(this.#longestSilence, now - this.#quietSince);
  }

  /** True when every request that was made before this moment has ended. */
  endedBefore(at: number): boolean {
    for (const request of this.#open.values()) if (request.at < at) return false;
    return true;
  }

  linkUp(at: number): void {
    this.#provenAt = at;
  }

  /** The link is gone: everything that has not ended was in flight. */
  linkLost(at: number): LinkLoss {
    const outcomes = { answered: 0, disconnected: 0, "no-responders": 0, timeout: 0, failed: 0 };
    const loss: OpenLoss = { at, inFlight: 0, outcomes, unsettled: 0, worstSettle: 0, nextAnswer: undefined };
    for (const request of this.#open.values()) {
      if (request.loss !== undefined) continue;
      request.loss = loss;
      loss.inFlight++;
      loss.unsettled++;
    }
    this.#losses.push(loss);
    return loss;
  }

  /** Gives the number of a request that is being made. */
  sent(at: number): number {
    this.#open.set(this.#next, { at, loss: undefined });
    return this.#next++;
  }

  /** A request has ended. `why` is for people. Returns how long it took, in milliseconds. */
  ended(number: number, at: number, outcome: Outcome, why = ""): number {
    const request = this.#open.get(number);
    if (request === undefined) {
      this.#stray(`request ${number} ended twice: ${outcome} ${why}`);
      return 0;
    }
    this.#open.delete(number);
    if (outcome === "answered") this.#answer(request, at);
    else this.#failed++;
    const { loss } = request;
    if (loss !== undefined) {
      loss.outcomes[outcome]++;
      loss.unsettled--;
      loss.worstSettle = Math.max(loss.worstSettle, at - loss.at);
    } else if (outcome !== "answered") {
      const disturbed = request.at <= this.#disturbedUntil;
      if (disturbed && outcome === "no-responders") this.#strays.noResponders++;
      else if (disturbed && outcome === "timeout") this.#strays.timeouts++;
      else this.#stray(`${outcome}: ${why}`);
    }
    return at - request.at;
  }

  #answer(request: OpenRequest, at: number): void {
    this.#answered++;
    this.#longestSilence = this.longestSilence(at);
    this.#quietSince = at;
    // Also the first link's requests are younger than -Infinity.
    if (request.loss === undefined) this.#provenAt = Math.max(this.#provenAt, request.at);
    const loss = this.#losses.at(-1);
    if (loss !== undefined && request.at >= loss.at) loss.nextAnswer ??= at - loss.at;
  }

  #stray(why: string): void {
    this.#strays.unexplained++;
    const { examples } = this.#strays;
    if (examples.length < 5 && !examples.includes(why)) examples.push(why);
  }
}
