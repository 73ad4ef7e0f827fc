// Requests in flight, on one inbox for all of them: a number as the last token of each reply subject. A request ends with the first
// answer, its time-out, its signal, the link it was sent on, or the connection.

import type { Clock } from "@myelin/contracts";
import { bound, type Deferred, deferred } from "./deferred.js";
import { DisconnectedError, NoRespondersError, TimeoutError } from "./errors.js";
import type { MsgHdrs } from "./headers.js";
import { type Msg, type Payload, type PublishOptions, ReceivedMessage } from "./message.js";
import { aborting, checked, positive } from "./options.js";
import type { Frame, Outbox } from "./outbox.js";
import { fromUtf8 } from "./utf8.js";
import type { IncomingMessage } from "./wire.js";

/** Options of one request. */
export interface RequestOptions {
  /** Milliseconds until it rejects with TimeoutError. Default 1 000. */
  readonly timeout?: number | undefined;
  /** Headers of the request, made with `headers()`. */
  readonly headers?: MsgHdrs | undefined;
  /** Rejects the request with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Default of `timeout`. */
const REQUEST_TIMEOUT = 1_000;

interface PendingRequest {
  readonly subject: string;
  readonly frame: Frame;
  readonly answer: Deferred<Msg>;
  readonly refuse: (error: Error) => void;
}

export interface RequestsHost {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly inboxPrefix: string;
  newSid(): number;
  server(): string;
  publish(subject: string, payload?: Payload, options?: PublishOptions): boolean;
}

export class Requests {
  readonly #host: RequestsHost;
  readonly #pending = new Map<number, PendingRequest>();
  #nextId = 1;
  /** Of the inbox; 0 = there is none yet. */
  #sid = 0;
  #inbox = "";

  constructor(host: RequestsHost) {
    this.#host = host;
  }

  /** What a new link is told. */
  lines(): string[] {
    return this.#sid === 0 ? [] : [`SUB ${this.#inbox}* ${this.#sid}`];
  }

  /** Publishes, and promises the answer. Throws, and nothing was sent or kept, for what `publish` throws for. */
  open(subject: string, payload: Payload | undefined, given: RequestOptions): Promise<Msg> {
    const { clock, outbox } = this.#host;
    const kinds = { timeout: positive, signal: aborting, headers: HEADERS };
    const { headers, signal, timeout = REQUEST_TIMEOUT } = checked(given, kinds);
    signal?.throwIfAborted();
    if (this.#sid === 0) {
      const random = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(36));
      this.#inbox = `${this.#host.inboxPrefix}.${random.join("")}.`;
      this.#sid = this.#host.newSid();
      for (const line of this.lines()) outbox.control(line);
    }
    const id = this.#nextId++;
    const begin = clock.now();
    const answer = deferred<Msg>();
    const refuse = (error: Error): void => {
      const facts = { subject, server: this.#host.server() || undefined, elapsedMs: clock.now() - begin };
      answer.reject(Object.assign(error, facts));
    };
    const frame = outbox.publish(subject, payload, { reply: this.#inbox + id, headers }, refuse);
    this.#pending.set(id, { subject, frame, answer, refuse });
    const what = `request to "${subject}"`;
    const cancel = clock.after(timeout, () => refuse(new TimeoutError(what, timeout)));
    const release = (): void => {
      cancel();
      this.#pending.delete(id);
      outbox.withdraw(frame);
    };
    answer.promise.then(release, release);
    return bound(answer, { signal }, what, clock);
  }

  /** True when the message was for a request, though perhaps for one that has ended. */
  deliver(message: IncomingMessage): boolean {
    if (message.sid !== this.#sid || this.#sid === 0) return false;
    const request = this.#pending.get(Number(message.subject.slice(this.#inbox.length)));
    if (request === undefined) return true;
    const { block, data } = message;
    const nobody = block !== undefined && data.length === 0 && /^NATS\/1\.0[ \t]+503\b/.test(fromUtf8(block));
    if (nobody) request.refuse(new NoRespondersError(request.subject));
    else request.answer.resolve(new ReceivedMessage(message, this.#host.publish));
    return true;
  }

  /** The link is gone: what it took may have arrived and is not answered any more; what is still here waits on. */
  unlinked(cause: Error): void {
    this.reject(({ frame, subject }) =>
      this.#host.outbox.holds(frame)
        ? undefined
        : new DisconnectedError(`request to "${subject}": the link was lost before an answer came`, true, { cause }),
    );
  }

  /** Ends those `errorFor` has an error for. */
  reject(errorFor: (request: { readonly subject: string; readonly frame: Frame }) => Error | undefined): void {
    for (const request of [...this.#pending.values()]) {
      const error = errorFor(request);
      if (error !== undefined) request.refuse(error);
    }
  }

  /** The server denied a subscription; when that was the inbox, every request is lost, and the next one makes a new inbox. */
  denied(subject: string, error: () => Error): void {
    if (subject !== `${this.#inbox}*`) return;
    this.#sid = 0;
    this.reject(error);
  }
}

// What may be one is judged by publish().
const HEADERS: readonly [string, () => boolean] = ["headers", () => true];
