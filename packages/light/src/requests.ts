// Requests in flight, on one inbox for all of them: a number as the last token of each reply subject. A request ends with the first
// answer, its time-out, its signal, the link it was sent on, or the connection.

import { bound, type Deferred, deferred } from "./deferred.js";
import { DisconnectedError, NoRespondersError, TimeoutError } from "./errors.js";
import type { MsgHdrs } from "./headers.js";
import { type Msg, type Payload, ReceivedMessage } from "./message.js";
import { ANY, aborting, checked, positive } from "./options.js";
import type { Frame } from "./outbox.js";
import type { Shared } from "./shared.js";
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

export interface Requests {
  /** What a new link is told. */
  lines(): string[];
  /** Publishes, and promises the answer. Throws, and nothing was sent or kept, for what `publish` throws for. */
  open(subject: string, payload: Payload | undefined, given: RequestOptions): Promise<Msg>;
  /** True when the message was for a request, though perhaps for one that has ended. */
  deliver(message: IncomingMessage): boolean;
  /** The link is gone: what it took may have arrived and is not answered any more; what is still here waits on. */
  unlinked(cause: Error): void;
  /** Ends those `errorFor` has an error for. */
  reject(errorFor: (subject: string, frame: Frame) => Error | undefined): void;
  /** The server denied a subscription; when that was the inbox, every request is lost, and the next one makes a new inbox. */
  denied(subject: string, error: () => Error): void;
}

export function requests(shared: Shared): Requests {
  const { clock } = shared;
  const pending = new Map<number, PendingRequest>();
  let nextId = 1;
  // Of the inbox; 0 = there is none yet.
  let inboxSid = 0;
  let inbox = "";

  const lines = (): string[] => (inboxSid === 0 ? [] : [`SUB ${inbox}* ${inboxSid}`]);

  const reject: Requests["reject"] = (errorFor) => {
    for (const { frame, refuse, subject } of [...pending.values()]) {
      const error = errorFor(subject, frame);
      if (error !== undefined) refuse(error);
    }
  };

  return {
    lines,
    reject,
    open(subject, payload, given) {
      const { outbox } = shared;
      const kinds = { timeout: positive, signal: aborting, headers: ANY };
      const { headers, signal, timeout = REQUEST_TIMEOUT } = checked(given, kinds);
      signal?.throwIfAborted();
      if (inboxSid === 0) {
        const random = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(36));
        inbox = `${shared.options.inboxPrefix}.${random.join("")}.`;
        inboxSid = shared.newSid();
        for (const line of lines()) outbox.control(line);
      }
      const id = nextId++;
      const begin = clock.now();
      const answer = deferred<Msg>();
      const refuse = (error: Error): void => {
        const facts = { subject, server: shared.link()?.server.address, elapsedMs: clock.now() - begin };
        answer.reject(Object.assign(error, facts));
      };
      const frame = outbox.add(subject, payload, { reply: inbox + id, headers }, refuse);
      pending.set(id, { subject, frame, answer, refuse });
      const what = `request to "${subject}"`;
      const cancel = clock.after(timeout, () => refuse(new TimeoutError(what, timeout)));
      const release = (): void => {
        cancel();
        pending.delete(id);
        outbox.withdraw(frame);
      };
      answer.promise.then(release, release);
      return bound(answer, { signal }, what, clock);
    },
    deliver(message) {
      const { block, data, sid, subject } = message;
      if (sid !== inboxSid) return false;
      const request = pending.get(Number(subject.slice(inbox.length)));
      const nobody = block !== undefined && data.length === 0 && /^NATS\/1\.0[ \t]+503\b/.test(fromUtf8(block));
      if (nobody) request?.refuse(new NoRespondersError(request.subject));
      else request?.answer.resolve(new ReceivedMessage(message, shared.publish));
      return true;
    },
    unlinked(cause) {
      reject((subject, frame) =>
        shared.outbox.holds(frame)
          ? undefined
          : new DisconnectedError(`request to "${subject}": the link was lost before an answer came`, { cause }),
      );
    },
    denied(subject, error) {
      if (subject !== `${inbox}*`) return;
      inboxSid = 0;
      reject(error);
    },
  };
}
