// Which servers the caller's resolver answers, and when it is asked: at the beginning, when a link is lost, when the network may be
// back, and when every server known has failed since. One question at a time, bounded; a failed one changes nothing. What is
// dialled when is the dialer's business.

import type { Clock, Random, ServerResolver } from "@myelin/contracts";
import type { PoolChange, ServerPool, ServerView } from "@myelin/server-pool";
import { errorOf, ServerResolutionError, TimeoutError } from "../errors.js";
import type { ResolvedOptions } from "../resolved-options.js";

/** Milliseconds within which an answer is not asked for again, however fast every server refuses. */
const SPACING = 1_000;

/** Milliseconds until the second try while there is no server at all; twice as long after each, up to the other, less up to half, and never less than SPACING. */
const [RETRY, LONGEST] = [500, 30_000];

/** Whom it tells; neither throws. */
export interface SeedingListener {
  /** The pool has taken in an answer. */
  answered(change: PoolChange): void;
  /** The question came to nothing, after `ms` milliseconds. */
  failed(error: ServerResolutionError, ms: number): void;
}

interface SeedingHost extends SeedingListener {
  readonly resolve: ServerResolver;
  readonly timeout: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly pool: ServerPool;
}

/** Seeding by the resolver of these options, `undefined` where there is none. */
export function seedingOf(
  { resolveServers: resolve, timeout }: Pick<ResolvedOptions, "resolveServers" | "timeout">,
  { clock, random }: Pick<SeedingHost, "clock" | "random">,
  pool: ServerPool,
  { answered, failed }: SeedingListener,
): Seeding | undefined {
  return resolve === undefined ? undefined : new Seeding({ resolve, timeout, clock, random, pool, answered, failed });
}

export class Seeding {
  readonly #host: SeedingHost;
  readonly #failedSince = new Set<number>();
  #question: AbortController | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #cancelTimer: () => void = () => {};

  constructor(host: SeedingHost) {
    this.#host = host;
  }

  /** True while an answer is waited for. */
  get isAsking(): boolean {
    return this.#question !== undefined;
  }

  /** Asks, unless it does already or has just done so. */
  ask(): void {
    const { clock, resolve, timeout } = this.#host;
    const begun = clock.now();
    if (this.isAsking || begun - this.#askedAt < SPACING) return;
    const question = new AbortController();
    this.#question = question;
    this.#askedAt = begun;
    this.#failedSince.clear();
    this.#cancelTimer();
    this.#cancelTimer = clock.after(timeout, () => {
      const late = new TimeoutError("resolveServers", timeout);
      question.abort(late);
      this.#failed(question, late, begun);
    });
    // Called in here, so that what it throws at once is a rejection too.
    new Promise<string | readonly string[]>((fulfil) => fulfil(resolve(question.signal))).then(
      (servers) => this.#answered(question, servers, begun),
      (cause: unknown) => this.#failed(question, cause, begun),
    );
  }

  /** An attempt on this server failed. Asks when that was the last one known. */
  serverFailed({ id }: ServerView): void {
    this.#failedSince.add(id);
    if (this.#host.pool.snapshot().every((server) => this.#failedSince.has(server.id))) this.ask();
  }

  /** Nothing is asked any more, and no answer heard. */
  stop(): void {
    const question = this.#end();
    this.#askedAt = Number.POSITIVE_INFINITY;
    question?.abort(new Error("the answer is not wanted any more"));
  }

  #answered(question: AbortController, servers: string | readonly string[], begun: number): void {
    if (this.#question !== question) return;
    let change: PoolChange;
    try {
      if (servers?.length === 0) throw new Error("it answered no server");
      change = this.#host.pool.reseed(servers);
    } catch (cause) {
      this.#failed(question, cause, begun);
      return;
    }
    this.#end();
    this.#failures = 0;
    this.#host.answered(change);
  }

  #failed(question: AbortController, cause: unknown, begun: number): void {
    if (this.#question !== question) return;
    this.#end();
    const { clock, pool, random } = this.#host;
    if (pool.size === 0) {
      const wait = Math.min(LONGEST, RETRY * 2 ** Math.min(this.#failures++, 10));
      this.#cancelTimer = clock.after(Math.max(SPACING, wait * (0.5 + random() / 2)), () => this.ask());
    }
    const kept = pool.size === 0 ? "" : "; the servers known before stay in use";
    const error = new ServerResolutionError(`resolveServers failed: ${errorOf(cause).message}${kept}`, { cause });
    this.#host.failed(error, Math.round(clock.now() - begun));
  }

  #end(): AbortController | undefined {
    const question = this.#question;
    this.#question = undefined;
    this.#cancelTimer();
    return question;
  }
}
