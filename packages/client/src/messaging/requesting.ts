// Everything that asks and waits for answers: chooses the inbox, publishes, repeats where the caller wants that, and ends what is
// in flight when the link, the permission or the connection goes. The waiting itself is done by requests, lone requests and
// requests for many answers.

import { InvalidArgumentError, isNatsError } from "@myelin/contracts";
import type { MsgHdrs, Payload } from "@myelin/protocol";
import { abortSignal, choice, integer, type OptionNames, onlyKnown, positive } from "../argument-checks.js";
import { bounded } from "../bounded.js";
import type { CallSite, CallSites } from "../call-sites.js";
import { type Deferred, deferred } from "../deferred.js";
import { DisconnectedError, errorOf, NoRespondersError, TimeoutError } from "../errors.js";
import { located, type OperationFacts, traced } from "../operation-facts.js";
import { createInbox } from "./inbox.js";
import { LoneRequests, type RequestPublisher } from "./lone-requests.js";
import type { Msg, PublishOptions } from "./message.js";
import { MessageQueue, type QueueBounds } from "./message-queue.js";
import { RequestMany, type RequestManyHost, type RequestManyOptions, requestManyLimits } from "./request-many.js";
import { Requests, type RequestsHost } from "./requests.js";
import { type TraceOptions, tracedHeaders } from "./trace.js";

/** Default of `timeout`, in milliseconds. */
export const REQUEST_TIMEOUT = 1_000;

const REQUEST_OPTIONS: OptionNames<RequestOptions> = {
  timeout: true,
  headers: true,
  noMux: true,
  reply: true,
  signal: true,
  retry: true,
  traceDestination: true,
  traceOnly: true,
};

/** Default of `retry.wait`, in milliseconds. */
const RETRY_WAIT = 250;

/** When to send a request again; only for requests that may be handled twice. */
export interface RequestRetry {
  /** How often at most, after the first time. */
  readonly attempts: number;
  /** Milliseconds before each. Default 250. */
  readonly wait?: number | undefined;
  /** After which failures. Default both. A time-out is never one: it is the end. */
  readonly on?: readonly ("no-responders" | "disconnected")[] | undefined;
}

/** Options of one request. */
export interface RequestOptions extends TraceOptions {
  /** Milliseconds until it rejects with TimeoutError, retries included. Default 1 000. */
  readonly timeout?: number | undefined;
  /** Headers of the request, made with `headers()`. */
  readonly headers?: MsgHdrs | undefined;
  /** An inbox and subscription of its own instead of the shared one. */
  readonly noMux?: boolean | undefined;
  /** Reply subject to use with `noMux`. */
  readonly reply?: string | undefined;
  /** Rejects the request with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Send it again when it failed for a passing reason. Default: never. */
  readonly retry?: RequestRetry | undefined;
}

/** What asking needs of its connection. */
export interface RequestingHost extends RequestsHost, RequestManyHost {
  publish(subject: string, payload?: Payload, options?: PublishOptions): boolean;
  /** Registers the shared inbox and tells the server of it. */
  adopt(requests: Requests): void;
  newSid(): number;
}

export interface RequestingOptions {
  readonly inboxPrefix: string;
  readonly sites: CallSites;
  readonly pending: QueueBounds;
}

export class Requesting {
  readonly #options: RequestingOptions;
  readonly #host: RequestingHost;
  readonly #publisher: RequestPublisher;
  readonly #lone: LoneRequests;
  readonly #many = new Set<RequestMany>();
  // Requests between two attempts.
  readonly #pauses = new Set<{ readonly subject: string; readonly ended: Deferred<void> }>();
  #shared: Requests | undefined;

  constructor(options: RequestingOptions, host: RequestingHost, publisher: RequestPublisher) {
    this.#options = options;
    this.#host = host;
    this.#publisher = publisher;
    this.#lone = new LoneRequests(host, publisher);
  }

  /** True for a reply subject somebody here waits on. */
  owns(reply: string): boolean {
    return this.#shared?.owns(reply) === true || this.#lone.owns(reply) || this.#findMany(reply) !== undefined;
  }

  /** @param callee the public function called, above which the caller's stack begins */
  request(subject: string, payload: Payload | undefined, options: RequestOptions, callee: object): Promise<Msg> {
    onlyKnown(options, REQUEST_OPTIONS, "request()");
    const timeout = positive("timeout", options.timeout, REQUEST_TIMEOUT);
    abortSignal("signal", options.signal)?.throwIfAborted();
    if (options.reply !== undefined && options.noMux !== true) {
      throw new InvalidArgumentError("reply", "needs noMux: the shared inbox has its own reply subjects");
    }
    const site = () => this.#options.sites.of(callee);
    const headers = tracedHeaders(options.headers, options);
    const { retry } = options;
    if (retry === undefined) return this.#once(subject, payload, timeout, headers, options, site);
    const calledFrom = site();
    const attempts = integer("retry.attempts", retry.attempts, 0, 0);
    const wait = positive("retry.wait", retry.wait, RETRY_WAIT);
    for (const reason of retry.on ?? []) choice("retry.on", reason, reason, ["no-responders", "disconnected"]);
    // The caller may change its bytes before they are sent again.
    const kept = payload instanceof Uint8Array ? payload.slice() : payload;
    const { wanted } = this.#options.sites;
    const once = (within: number): Promise<Msg> =>
      this.#once(subject, kept, within, headers, options, () => calledFrom, false);
    const { signal } = options;
    const work = this.#repeatedly(once, subject, timeout, attempts, wait, retry, signal, calledFrom);
    return traced(work, wanted, calledFrom, (error) => isNatsError(error) && error !== signal?.reason);
  }

  /** Rejects when nothing was sent; what happens later ends the iteration. */
  requestMany(subject: string, payload: Payload | undefined, options: RequestManyOptions): RequestMany {
    const limits = requestManyLimits(options);
    abortSignal("signal", options.signal)?.throwIfAborted();
    const headers = tracedHeaders(options.headers, options);
    const { inboxPrefix, pending } = this.#options;
    const many = new RequestMany(
      subject,
      createInbox(inboxPrefix),
      limits,
      options.signal,
      new MessageQueue({ ...pending, overflow: "drop-new" }, () => {}),
      this.#host,
      (ended) => this.#many.delete(ended),
    );
    this.#many.add(many);
    try {
      this.#host.publish(subject, payload, { reply: many.inbox, headers });
    } catch (error) {
      many.end();
      throw error;
    }
    return many;
  }

  /** Ends the requests `errorFor` has an error for; it is given the number they were published with. */
  reject(errorFor: (id: number, subject: string) => Error | undefined): void {
    this.#shared?.reject(errorFor);
    this.#lone.reject(errorFor);
    for (const many of [...this.#many]) {
      const error = errorFor(0, many.subject);
      if (error !== undefined) many.fail(error);
    }
  }

  /** The connection takes no more requests: those that wait to be sent again end with what `errorFor` makes. */
  stopRepeating(errorFor: (subject: string) => Error): void {
    for (const { ended, subject } of this.#pauses) ended.reject(errorFor(subject));
  }

  /** The server denied this subject; should it be the shared inbox, the next request makes a new one. */
  inboxDenied(subject: string): void {
    if (this.#shared?.getSubject() === subject) this.#shared = undefined;
  }

  #once(
    subject: string,
    payload: Payload | undefined,
    timeout: number,
    headers: MsgHdrs | undefined,
    options: RequestOptions,
    site: () => CallSite | undefined,
    tracesWanted = this.#options.sites.wanted,
  ): Promise<Msg> {
    const { signal } = options;
    if (options.noMux === true) {
      const reply = options.reply ?? createInbox(this.#options.inboxPrefix);
      return this.#lone.open(subject, reply, payload, timeout, {
        headers,
        signal,
        calledFrom: site(),
        tracesWanted,
      });
    }
    const requests = this.#shared ?? this.#openShared();
    return requests.open(subject, headers, payload, { timeout, signal, site, tracesWanted });
  }

  async #repeatedly(
    once: (within: number) => Promise<Msg>,
    subject: string,
    timeout: number,
    attempts: number,
    wait: number,
    retry: RequestRetry,
    signal: AbortSignal | undefined,
    calledFrom: CallSite | undefined,
  ): Promise<Msg> {
    const begin = this.#host.now();
    const deadline = begin + timeout;
    for (let left = attempts; ; left--) {
      try {
        return await once(deadline - this.#host.now());
      } catch (error) {
        if (error instanceof TimeoutError) {
          const whole = new TimeoutError(`request to "${subject}"`, timeout, { cause: error });
          throw located(whole, this.#facts(subject, begin), calledFrom);
        }
        if (left === 0 || !passing(error, retry) || this.#host.now() + wait >= deadline) throw error;
      }
      const pause = { subject, ended: deferred() };
      this.#pauses.add(pause);
      const cancel = this.#host.after(wait, () => pause.ended.resolve());
      try {
        await bounded(pause.ended.promise, { signal }, "request()", this.#host);
      } catch (error) {
        if (signal?.aborted === true && error === signal.reason) throw error;
        throw located(errorOf(error), this.#facts(subject, begin), calledFrom);
      } finally {
        cancel();
        this.#pauses.delete(pause);
      }
    }
  }

  #facts(subject: string, begin: number): OperationFacts {
    return { subject, server: this.#host.server(), elapsedMs: this.#host.now() - begin };
  }

  #openShared(): Requests {
    const inbox = createInbox(this.#options.inboxPrefix);
    const requests = new Requests(this.#host.newSid(), inbox, this.#host, this.#publisher);
    this.#host.adopt(requests);
    this.#shared = requests;
    return requests;
  }

  #findMany(reply: string): RequestMany | undefined {
    for (const many of this.#many) if (many.inbox === reply) return many;
    return undefined;
  }
}

function passing(error: unknown, { on = ["no-responders", "disconnected"] }: RequestRetry): boolean {
  if (error instanceof NoRespondersError) return on.includes("no-responders");
  return error instanceof DisconnectedError && on.includes("disconnected");
}
