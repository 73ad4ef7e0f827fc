// Everything outbound that a caller publishes: to the link while there is one, by the caller's policy while there is none, to
// nowhere afterwards. The only place that decides what becomes of a publish, and that counts what was dropped.

import type { MsgHdrs, Payload } from "@myelin/protocol";
import { type OptionNames, onlyKnown } from "../argument-checks.js";
import type { WhileDisconnected } from "../connection-options.js";
import { DisconnectedError, InvalidOperationError } from "../errors.js";
import type { PublishOptions } from "../messaging/message.js";
import { tracedHeaders } from "../messaging/trace.js";
import { whileDisconnectedOf } from "../resolved-options.js";
import type { Link } from "../session/link.js";
import type { DropReason } from "../status.js";
import type { Traffic } from "../traffic.js";
import { type BufferBounds, type Evicted, OutageBuffer, type Tally } from "./outage-buffer.js";
import { type Outbox, refusingOutbox } from "./outbox.js";

export interface PublishingOptions {
  readonly whileDisconnected: WhileDisconnected;
  readonly reconnectBuffer: BufferBounds;
  readonly maxBufferedBytes: number;
  readonly pedantic: boolean;
}

/** What publishing reports; neither throws. */
export interface PublishingEvents {
  dropped(tally: Tally, reason: DropReason): void;
  /** A kept request can never be answered. */
  requestRefused(id: number, error: Error): void;
}

const PUBLISH_OPTIONS: OptionNames<PublishOptions> = {
  reply: true,
  headers: true,
  whileDisconnected: true,
  traceDestination: true,
  traceOnly: true,
};

export class Publishing {
  readonly #buffer: OutageBuffer;
  // For the moment between two links that are both up: not an outage, so that no policy and no bound of one holds. There is none before
  // the first such moment.
  #interim: OutageBuffer | undefined;
  readonly #maxBufferedBytes: number;
  readonly #pedantic: boolean;
  readonly #disconnected: Outbox;
  readonly #traffic: Traffic;
  readonly #events: PublishingEvents;
  #outbox: Outbox;

  constructor(options: PublishingOptions, traffic: Traffic, events: PublishingEvents) {
    this.#buffer = new OutageBuffer(options.reconnectBuffer, options.pedantic, (evicted) => this.#evicted(evicted));
    this.#maxBufferedBytes = options.maxBufferedBytes;
    this.#pedantic = options.pedantic;
    this.#traffic = traffic;
    this.#events = events;
    this.#disconnected = this.#outboxFor(options.whileDisconnected);
    this.#outbox = this.#disconnected;
  }

  /** Bytes kept for the next link. */
  get keptBytes(): number {
    return this.#buffer.bytes + (this.#interim?.bytes ?? 0);
  }

  /** Messages kept for the next link. */
  get keptMessages(): number {
    return this.#buffer.messages + (this.#interim?.messages ?? 0);
  }

  publish(subject: string, payload: Payload | undefined, options: PublishOptions | undefined): boolean {
    // nats.js programs say null for none.
    if (options === undefined || options === null) return this.#outbox.publish(subject, undefined, undefined, payload);
    onlyKnown(options, PUBLISH_OPTIONS, "publish()");
    const { whileDisconnected } = options;
    const outbox =
      whileDisconnected === undefined ? this.#outbox : this.#outboxUnder(whileDisconnectedOf(whileDisconnected));
    // nats.js programs say "" for none.
    return outbox.publish(subject, options.reply || undefined, tracedHeaders(options.headers, options), payload);
  }

  /** Publishes a request, or keeps it so that it can be withdrawn. Throws when it can never be answered. `now`: as of an outbox. */
  request(
    id: number,
    subject: string,
    reply: string,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
    now: boolean,
  ): void {
    const outbox = this.#outbox;
    if (outbox instanceof OutageBuffer) outbox.request(id, subject, reply, headers, payload);
    else if (outbox !== this.#disconnected) outbox.publish(subject, reply, headers, payload, now);
    else throw notSent(`request to "${subject}"`);
  }

  /** A request is settled; should it still be kept, nobody wants it sent. True when it was. */
  withdraw(id: number): boolean {
    return this.#buffer.withdraw(id) || this.#interim?.withdraw(id) === true;
  }

  /** From now on publishes are kept for the next link, which is up already: {@link linked} follows at once. */
  hold(): void {
    this.#interim ??= new OutageBuffer(boundedBy(this.#maxBufferedBytes), this.#pedantic);
    this.#interim.maxPayload = this.#buffer.maxPayload;
    this.#outbox = this.#interim;
  }

  /** From now on publishes go to this link, behind what was kept. */
  linked(link: Link): void {
    this.#replay(this.#buffer, link);
    if (this.#interim !== undefined) this.#replay(this.#interim, link);
    this.#buffer.maxPayload = link.maxPayload;
    this.#outbox = link;
  }

  #replay(kept: OutageBuffer, link: Link): void {
    const { noHeaders, requests, tooLarge } = kept.replay(link);
    this.#drop(tooLarge, "max-payload");
    this.#drop(noHeaders, "no-headers");
    for (const id of requests) {
      this.#events.requestRefused(
        id,
        new InvalidOperationError("the server we reconnected to cannot take this request"),
      );
    }
  }

  /** From now on the policy holds. What the link had not handed on is kept as far as it fits, but for requests. */
  unlinked(link: Link, isRequest: (reply: string) => boolean): void {
    this.#outbox = this.#disconnected;
    this.#buffer.maxPayload = link.maxPayload;
    this.#drop(this.#buffer.adopt(link.takeBacklog(), isRequest), "buffer-full");
  }

  /** From now on every publish throws what `refusal` makes; what was kept is dropped. */
  refuse(refusal: (subject: string) => Error): void {
    this.#outbox = refusingOutbox(refusal);
    this.#drop(this.#buffer.clear(), "closed");
    if (this.#interim !== undefined) this.#drop(this.#interim.clear(), "closed");
  }

  #evicted({ requests, tally }: Evicted): void {
    this.#drop(tally, "buffer-full");
    for (const [id, error] of requests) this.#events.requestRefused(id, error);
  }

  #drop(tally: Tally, reason: DropReason): void {
    if (tally.messages === 0) return;
    this.#traffic.droppedMsgs += tally.messages;
    this.#events.dropped(tally, reason);
  }

  // A policy of one publish matters only while the connection's own would be asked.
  #outboxUnder(policy: WhileDisconnected): Outbox {
    return this.#outbox === this.#disconnected ? this.#outboxFor(policy) : this.#outbox;
  }

  #outboxFor(policy: WhileDisconnected): Outbox {
    if (policy === "buffer") return this.#buffer;
    if (policy === "reject") return refusingOutbox((subject) => notSent(`publish to "${subject}"`));
    // Encoded for its checks, then forgotten.
    const sieve = new OutageBuffer(boundedBy(Number.MAX_SAFE_INTEGER), this.#pedantic);
    return {
      publish: (subject, reply, headers, payload) => {
        sieve.maxPayload = this.#buffer.maxPayload;
        sieve.publish(subject, reply, headers, payload);
        this.#drop(sieve.clear(), "disconnected");
        return true;
      },
    };
  }
}

function boundedBy(bytes: number): BufferBounds {
  return { bytes, messages: Number.POSITIVE_INFINITY, overflow: "error" };
}

function notSent(what: string): DisconnectedError {
  return new DisconnectedError(`${what}: there is no connection, and whileDisconnected does not keep it`, false);
}
