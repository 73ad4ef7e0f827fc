// Requests in flight on the shared inbox: one wildcard subscription for all of them, a number as the last token of each reply
// subject, and one timer for all deadlines. ADR-40, "Request-Reply"; SEND-REQUEST-1 … 9, D9.

import type { Decoder, MsgHdrs, Payload } from "@myelin/protocol";
import type { CallSite } from "../call-sites.js";
import { type Deferred, unobserved } from "../deferred.js";
import { NoRespondersError, TimeoutError } from "../errors.js";
import { located, traced } from "../operation-facts.js";
import { type RequestPublisher, requestShown } from "./lone-requests.js";
import { Msg, type Publisher } from "./message.js";
import type { Receiver } from "./subscriptions.js";

interface PendingRequest {
  readonly subject: string;
  readonly timeout: number;
  readonly begin: number;
  readonly deadline: number;
  readonly answer: Deferred<Msg>;
  calledFrom: CallSite | undefined;
  /** What it was rejected with, when that is its own. */
  failure: Error | undefined;
  detachSignal?: () => void;
}

/** What a request is bounded by, and what is told of it when it fails. */
export interface RequestTerms {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** The caller's stack; asked for once, within the call. */
  readonly site: () => CallSite | undefined;
  /** Whether an error without the caller's stack tells who awaits it. */
  readonly tracesWanted: boolean;
}

/** What requests need of their connection. */
export interface RequestsHost extends Publisher {
  now(): number;
  after(ms: number, run: () => void): () => void;
  /** `host:port` we are linked to, `undefined` while there is no link. */
  server(): string | undefined;
}

const ZERO = 48;
const NINE = 57;

/** The receiver of all answers. */
export class Requests implements Receiver {
  readonly settlesOnce = true;
  readonly #sid: number;
  readonly #prefix: string;
  readonly #host: RequestsHost;
  readonly #publisher: RequestPublisher;
  readonly #pending = new Map<number, PendingRequest>();
  #nextId = 1;
  #armedFor = Number.POSITIVE_INFINITY;
  #disarm: () => void = () => {};

  /** @param inbox subject under which every request gets a token of its own */
  constructor(sid: number, inbox: string, host: RequestsHost, publisher: RequestPublisher) {
    this.#publisher = publisher;
    this.#sid = sid;
    this.#prefix = `${inbox}.`;
    this.#host = host;
  }

  getID(): number {
    return this.#sid;
  }

  getSubject(): string {
    return `${this.#prefix}*`;
  }

  getQueue(): undefined {
    return undefined;
  }

  isDraining(): boolean {
    return false;
  }

  relinked(): undefined {
    return undefined;
  }

  /** True for a reply subject of ours. */
  owns(reply: string): boolean {
    return reply.startsWith(this.#prefix);
  }

  /** Publishes a request with a reply subject of its own, and promises the answer. When that throws, nothing stays registered. */
  open(
    subject: string,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
    { signal, site, timeout, tracesWanted }: RequestTerms,
  ): Promise<Msg> {
    const id = this.#nextId++;
    const begin = this.#host.now();
    const deadline = begin + timeout;
    const answer = unobserved<Msg>();
    const request: PendingRequest = {
      subject,
      timeout,
      begin,
      deadline,
      answer,
      calledFrom: undefined,
      failure: undefined,
    };
    this.#pending.set(id, request);
    try {
      // One alone is on its way while the caller's stack is taken, which is most of the work; others share the write of their turn.
      this.#publisher.request(id, subject, this.#prefix + id, headers, payload, this.#pending.size === 1);
    } catch (error) {
      this.#pending.delete(id);
      throw error;
    }
    request.calledFrom = site();
    if (signal !== undefined) request.detachSignal = this.#attach(signal, id);
    if (deadline < this.#armedFor) this.#rearm(deadline);
    return traced(answer.promise, tracesWanted, request.calledFrom, (error) => error === request.failure);
  }

  #attach(signal: AbortSignal, id: number): () => void {
    const abort = (): void => this.#settle(id)?.answer.reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  }

  deliver(cursor: Decoder): void {
    const id = this.#idOf(cursor);
    const request = this.#pending.get(id);
    // Late, or not the first: nobody waits for it.
    if (request === undefined) return;
    const message = new Msg(cursor, this.#host);
    if (message.status === 503 && message.size === cursor.payloadStart - cursor.headersStart) {
      this.#reject(id, new NoRespondersError(request.subject));
    } else this.#settle(id)?.answer.resolve(message);
  }

  /** The server denied the shared inbox: every request is lost. */
  fail(error: Error): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.answer.reject(error);
    this.#rearm(Number.POSITIVE_INFINITY);
  }

  /** Rejects the requests `errorFor` has an error for. */
  reject(errorFor: (id: number, subject: string) => Error | undefined): void {
    for (const [id, request] of this.#pending) {
      const error = errorFor(id, request.subject);
      if (error !== undefined) this.#reject(id, error);
    }
    // The connection may be at its end, which no timer may outlive.
    if (this.#pending.size === 0) this.#rearm(Number.POSITIVE_INFINITY);
  }

  // The error is this request's alone.
  #reject(id: number, error: Error): void {
    const request = this.#settle(id);
    if (request === undefined) return;
    const { begin, calledFrom, subject } = request;
    const facts = { subject, server: this.#host.server(), elapsedMs: this.#host.now() - begin };
    request.failure = located(error, facts, calledFrom);
    request.answer.reject(request.failure);
  }

  #settle(id: number): PendingRequest | undefined {
    const request = this.#pending.get(id);
    if (request === undefined) return undefined;
    this.#pending.delete(id);
    request.detachSignal?.();
    this.#publisher.withdraw(id);
    return request;
  }

  // The number behind our prefix, read from the bytes: no string is made. -1 when it is none.
  #idOf(cursor: Decoder): number {
    const { buffer, subjectEnd } = cursor;
    let id = 0;
    for (let at = cursor.subjectStart + this.#prefix.length; at < subjectEnd; at++) {
      const digit = buffer[at] ?? 0;
      if (digit < ZERO || digit > NINE) return -1;
      id = id * 10 + (digit - ZERO);
    }
    return id;
  }

  // One armed timer at the earliest deadline known when it was armed. Answered requests leave it armed, also the last: most time-outs
  // are equal, so that it fires about once in a time-out and then finds the next.
  #rearm(deadline: number): void {
    this.#disarm();
    this.#armedFor = deadline;
    this.#disarm =
      deadline === Number.POSITIVE_INFINITY
        ? () => {}
        : this.#host.after(deadline - this.#host.now(), () => this.#expire());
  }

  #expire(): void {
    const now = this.#host.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, request] of this.#pending) {
      if (request.deadline > now) {
        next = Math.min(next, request.deadline);
        continue;
      }
      const shown = requestShown(request.subject, this.#publisher.withdraw(id));
      this.#reject(id, new TimeoutError(shown, request.timeout));
    }
    this.#rearm(next);
  }
}
