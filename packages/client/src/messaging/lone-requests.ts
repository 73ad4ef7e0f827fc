// Requests that do not share the inbox of all others (`noMux`): each has a reply subject and a subscription of its own. For
// servers that grant single inboxes only, and for reply subjects the caller chooses. SEND-REQUEST-5.

import type { MsgHdrs, Payload } from "@myelin/protocol";
import type { CallSite } from "../call-sites.js";
import { deferred } from "../deferred.js";
import { ClosedConnectionError, NoRespondersError, TimeoutError } from "../errors.js";
import { located, traced } from "../operation-facts.js";
import type { Msg } from "./message.js";
import type { Subscription } from "./subscription.js";
import type { SubscriptionOptions } from "./subscription-options.js";

interface LoneRequest {
  readonly subject: string;
  readonly reject: (error: Error) => void;
  readonly subscription: Subscription;
}

export interface LoneRequestOptions {
  readonly headers: MsgHdrs | undefined;
  readonly signal: AbortSignal | undefined;
  readonly calledFrom: CallSite | undefined;
  /** Whether an error without the caller's stack tells who awaits it. */
  readonly tracesWanted: boolean;
}

/** What lone requests need of their connection. */
export interface LoneRequestsHost {
  subscribe(subject: string, options: SubscriptionOptions): Subscription;
  now(): number;
  server(): string | undefined;
}

/** The outbound side: keeps requests apart by number so that they can be withdrawn. */
export interface RequestPublisher {
  /** @param now nothing is in flight that could share its write */
  request(
    id: number,
    subject: string,
    reply: string,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
    now: boolean,
  ): void;
  /** Nobody wants it sent any more; true when it had not been, for want of a link. */
  withdraw(id: number): boolean;
}

/** What timed out, for its error. */
export function requestShown(subject: string, kept: boolean): string {
  return `request to "${subject}"${kept ? ", not sent for want of a connection," : ""}`;
}

export class LoneRequests {
  readonly #host: LoneRequestsHost;
  readonly #publisher: RequestPublisher;
  readonly #pending = new Map<string, LoneRequest>();

  constructor(host: LoneRequestsHost, publisher: RequestPublisher) {
    this.#host = host;
    this.#publisher = publisher;
  }

  /** True for a reply subject somebody waits on. */
  owns(reply: string): boolean {
    return this.#pending.has(reply);
  }

  /** Subscribes to `reply`, publishes, promises the first answer. */
  open(
    subject: string,
    reply: string,
    payload: Payload | undefined,
    timeout: number,
    options: LoneRequestOptions,
  ): Promise<Msg> {
    const answer = deferred<Msg>();
    const { calledFrom, headers, signal, tracesWanted } = options;
    let failure: Error | undefined;
    const begin = this.#host.now();
    const reject = (error: Error): void => {
      const facts = { subject, server: this.#host.server(), elapsedMs: this.#host.now() - begin };
      failure = located(error, facts, calledFrom);
      answer.reject(failure);
    };
    const subscription = this.#host.subscribe(reply, {
      max: 1,
      timeout,
      signal,
      callback: (error, message) => {
        if (error instanceof TimeoutError) {
          reject(new TimeoutError(requestShown(subject, this.#publisher.withdraw(-subscription.getID())), timeout));
        } else if (error !== null) reject(error);
        else if (message.status === 503 && message.data.length === 0) {
          reject(new NoRespondersError(subject));
          // A server does not count this answer: it would keep the subscription and wait for another one.
          subscription.unsubscribe();
        } else answer.resolve(message);
      },
    });
    // Numbers of shared requests are positive.
    const id = -subscription.getID();
    this.#pending.set(reply, { subject, reject, subscription });
    const release = (): void => {
      this.#pending.delete(reply);
      this.#publisher.withdraw(id);
      const reason: unknown = signal?.aborted === true ? signal.reason : undefined;
      // Otherwise its inbox ends before an answer only because the connection does, or drains.
      answer.reject((reason as Error | undefined) ?? new ClosedConnectionError(`request to "${subject}"`));
    };
    try {
      this.#publisher.request(id, subject, reply, headers, payload, false);
    } catch (error) {
      subscription.unsubscribe();
      this.#pending.delete(reply);
      throw error;
    }
    // A callback that is told an error or the answer runs before this.
    void subscription.closed.then(release);
    return traced(answer.promise, tracesWanted, calledFrom, (error) => error === failure);
  }

  /** Rejects the requests `errorFor` has an error for; it is given the number they were published with. */
  reject(errorFor: (id: number, subject: string) => Error | undefined): void {
    for (const { reject, subject, subscription } of [...this.#pending.values()]) {
      const error = errorFor(-subscription.getID(), subject);
      if (error === undefined) continue;
      reject(error);
      subscription.unsubscribe();
    }
  }
}
