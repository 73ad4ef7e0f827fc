// One request, many answers: an inbox of its own, and whatever ends it first: time, count, silence, a sentinel, the consumer.
// ADR-47. Conditions combine; the total time always holds.

import { InvalidArgumentError } from "@myelin/contracts";
import type { MsgHdrs } from "@myelin/protocol";
import { integer, type OptionNames, onlyKnown, positive } from "../argument-checks.js";
import { CallbackError, NoRespondersError } from "../errors.js";
import { located } from "../operation-facts.js";
import { watched } from "../user-code.js";
import type { Msg } from "./message.js";
import type { MessageQueue } from "./message-queue.js";
import type { Subscription } from "./subscription.js";
import type { SubscriptionOptions } from "./subscription-options.js";
import type { TraceOptions } from "./trace.js";

/** Names for what ends a request for many answers, as in nats.js; {@link RequestManyOptions} says more. */
export type RequestStrategy = "timer" | "count" | "stall" | "sentinel";

/**
 * A strategy of one's own, asked after each answer was delivered: `true` to go on, `false` to end, an error to end with it.
 * Several are asked in order, up to the first that does not say `true`.
 */
export type SentinelFn = (msg: Msg) => boolean | Error;

/** Options of one request for many answers. Every condition given counts, and the first to hold ends it. */
export interface RequestManyOptions extends TraceOptions {
  /** Total milliseconds, whatever else is given. Default 1 000. */
  readonly maxWait?: number | undefined;
  /** Ends after this many answers; -1 = no bound (default). Required by the strategy `"count"`. */
  readonly maxMessages?: number | undefined;
  /**
   * Ends when no answer came for so many milliseconds after the last one; 0 or less, and `maxWait` or more, say nothing.
   * Default 300 with the strategy `"stall"`, else none.
   */
  readonly stall?: number | undefined;
  /**
   * Ends with the answer for which this is true; `true` = with an empty one. That answer is delivered too. Default `true` with
   * the strategy `"sentinel"`, else none. Mind the sense: a {@link SentinelFn} given as `strategy` says `true` to go on.
   */
  readonly sentinel?: boolean | ((msg: Msg) => boolean) | undefined;
  /** Default `"timer"`: time alone, and whatever other option is given. */
  readonly strategy?: RequestStrategy | SentinelFn | readonly SentinelFn[] | undefined;
  /** Headers of the request, made with `headers()`. */
  readonly headers?: MsgHdrs | undefined;
  /** Accepted for nats.js; every request for many answers has an inbox of its own. */
  readonly noMux?: boolean | undefined;
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Conditions in force, checked. */
export interface RequestManyLimits {
  readonly maxWait: number;
  readonly maxMessages: number;
  readonly stall: number | undefined;
  readonly isSentinel: ((msg: Msg) => boolean) | undefined;
  readonly goesOn: readonly SentinelFn[];
}

const OPTIONS: OptionNames<RequestManyOptions> = {
  maxWait: true,
  maxMessages: true,
  stall: true,
  sentinel: true,
  strategy: true,
  headers: true,
  noMux: true,
  signal: true,
  traceDestination: true,
  traceOnly: true,
};

const DEFAULT_MAX_WAIT = 1_000;
const DEFAULT_STALL = 300;

/** @throws InvalidArgumentError naming the option */
export function requestManyLimits(options: RequestManyOptions): RequestManyLimits {
  onlyKnown(options, OPTIONS, "requestMany()");
  const { sentinel } = options;
  const { goesOn, strategy } = strategyOf(options.strategy);
  const maxMessages = integer("maxMessages", options.maxMessages, -1, -1);
  if (strategy === "count" && maxMessages < 1) {
    throw new InvalidArgumentError("maxMessages", 'is needed by the strategy "count"; give the number of answers');
  }
  const stall = stallOf(options.stall) ?? (strategy === "stall" ? DEFAULT_STALL : undefined);
  const empty = (msg: Msg): boolean => msg.data.length === 0;
  return {
    maxWait: positive("maxWait", options.maxWait, DEFAULT_MAX_WAIT),
    maxMessages: maxMessages < 1 ? Number.POSITIVE_INFINITY : maxMessages,
    stall,
    isSentinel:
      typeof sentinel === "function" ? sentinel : sentinel === true || strategy === "sentinel" ? empty : undefined,
    goesOn,
  };
}

function strategyOf(given: RequestManyOptions["strategy"]): {
  readonly strategy: RequestStrategy;
  readonly goesOn: readonly SentinelFn[];
} {
  if (typeof given === "function") return { strategy: "timer", goesOn: [given] };
  const known = ["timer", "count", "stall", "sentinel"] as const;
  const strategy = known.find((one) => one === (given ?? "timer"));
  if (strategy !== undefined) return { strategy, goesOn: [] };
  if (Array.isArray(given) && given.every((one) => typeof one === "function")) {
    return { strategy: "timer", goesOn: [...given] };
  }
  throw new InvalidArgumentError("strategy", 'must be one of "timer", "count", "stall", "sentinel", or functions');
}

// ADR-47: a stall below 1 is as none.
function stallOf(stall: number | undefined): number | undefined {
  if (stall === undefined || stall < 1) return undefined;
  return positive("stall", stall, DEFAULT_STALL);
}

/** What it needs of its connection. */
export interface RequestManyHost {
  subscribe(subject: string, options: SubscriptionOptions): Subscription;
  now(): number;
  /** `host:port` we are linked to. */
  server(): string | undefined;
  after(ms: number, run: () => void): () => void;
  /** Told when answers had to be dropped because the consumer was too slow; once for each episode. */
  slow(subscription: Subscription): void;
}

/** Answers as they come; iterated once. Leaving the loop ends it. */
export class RequestMany implements AsyncIterable<Msg> {
  readonly subject: string;
  readonly #limits: RequestManyLimits;
  readonly #host: RequestManyHost;
  readonly #answers: MessageQueue;
  readonly #subscription: Subscription;
  readonly #begin: number;
  readonly #deadline: number;
  readonly #ended: (many: RequestMany) => void;
  #received = 0;
  #open = true;
  #cancelTimer: () => void;
  #detachSignal: () => void = () => {};

  /**
   * Subscribes at once.
   *
   * @param answers holds what was not consumed, within its bounds
   * @param ended called once, when no more answers are waited for
   */
  constructor(
    subject: string,
    inbox: string,
    limits: RequestManyLimits,
    signal: AbortSignal | undefined,
    answers: MessageQueue,
    host: RequestManyHost,
    ended: (many: RequestMany) => void,
  ) {
    this.subject = subject;
    this.#limits = limits;
    this.#host = host;
    this.#answers = answers;
    this.#ended = ended;
    this.#begin = host.now();
    this.#deadline = this.#begin + limits.maxWait;
    this.#subscription = host.subscribe(inbox, {
      callback: (error, msg) => (error === null ? this.#take(msg) : this.fail(error)),
    });
    this.#cancelTimer = host.after(limits.maxWait, () => this.end());
    if (signal !== undefined) {
      const abort = (): void => this.end(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      this.#detachSignal = () => signal.removeEventListener("abort", abort);
    }
  }

  /** The reply subject. */
  get inbox(): string {
    return this.#subscription.getSubject();
  }

  /** Ends it with an error of its own, to which what is known of the request is added. */
  fail(error: Error): void {
    if (!this.#open) return;
    const elapsedMs = this.#host.now() - this.#begin;
    this.end(located(error, { subject: this.subject, server: this.#host.server(), elapsedMs }, undefined));
  }

  /** No more answers are waited for; those received may still be read, and then `error` is thrown, if there is one. */
  end(error?: Error): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelTimer();
    this.#detachSignal();
    this.#subscription.unsubscribe();
    this.#answers.end(error);
    this.#ended(this);
  }

  [Symbol.asyncIterator](): AsyncIterator<Msg> {
    return {
      next: () => this.#answers.next(),
      return: async () => {
        this.end();
        this.#answers.clear();
        return { done: true, value: undefined };
      },
    };
  }

  #take(msg: Msg): void {
    if (!this.#open) return;
    if (msg.status === 503 && msg.data.length === 0) {
      this.fail(new NoRespondersError(this.subject));
      return;
    }
    this.#received++;
    if (this.#answers.push(msg) === "overflow") this.#host.slow(this.#subscription);
    const { goesOn, isSentinel, maxMessages, stall } = this.#limits;
    let last = this.#received >= maxMessages;
    const failed = (cause: unknown): void => this.fail(new CallbackError("sentinel", this.subject, cause));
    try {
      const answer: unknown = isSentinel?.(msg);
      void watched(answer, failed);
      last ||= answer === true;
      for (const ask of last ? [] : goesOn) {
        const verdict = ask(msg);
        void watched(verdict, failed);
        if (verdict === true) continue;
        if (verdict instanceof Error) {
          this.end(verdict);
          return;
        }
        last = true;
        break;
      }
    } catch (cause) {
      failed(cause);
      return;
    }
    if (last) this.end();
    else if (stall !== undefined) {
      this.#cancelTimer();
      this.#cancelTimer = this.#host.after(Math.min(stall, this.#deadline - this.#host.now()), () => this.end());
    }
  }
}
