// One client of a fake server: what it sent, what to send it, how to end it. Reading and default answers are here; who
// receives what is published is broker/message-router.ts, accepting is fake-server.ts.

import type { Clock } from "@myelin/contracts";
import {
  type ConnectOptions,
  Decoder,
  isValidPublishSubject,
  isValidSubscribeSubject,
  Op,
  ProtocolError,
  type ServerInfo,
} from "@myelin/protocol";
import type { MessageRouter, RoutedMessage, Subscriber, Subscription } from "./broker/message-router.js";
import { noResponders } from "./broker/no-responders.js";
import { answerTo } from "./broker/protocol-answers.js";
import { ServerOperations } from "./broker/server-operations.js";
import { BEFORE_CONNECT, type ConnectWishes, connectWishes } from "./connect-wishes.js";
import type { FakeScript } from "./fake-script.js";
import {
  type ReceivedConnect,
  type ReceivedOp,
  type ReceivedPub,
  type ReceivedSub,
  type ReceivedUnsub,
  receivedOp,
} from "./received-op.js";
import type { ServerStream } from "./server-stream.js";
import { compareVersions } from "./server-version.js";

/** A subscription of one connection. */
export type FakeSubscription = Subscription<FakeConnection>;

/** A message on its way to one subscription. */
export interface FakeDelivery {
  /** Subject of the message. */
  readonly subject: string;
  /** The subscription it goes to. */
  readonly sid: string;
  /** Its reply subject. */
  readonly reply: string | undefined;
  /** Its headers as bytes; with them it goes as HMSG. */
  readonly headerBlock: Uint8Array | undefined;
  /** Its payload. */
  readonly payload: Uint8Array | string;
}

/** What a connection needs of its server. */
export interface FakeConnectionOptions {
  readonly index: number;
  readonly stream: ServerStream;
  readonly router: MessageRouter<FakeConnection>;
  readonly clock: Clock;
  /** The server's own part of INFO. */
  readonly base: ServerInfo;
  /** Asked at every operation, so that a test may change it. */
  readonly script: () => FakeScript;
}

interface Waiter {
  readonly wanted: (op: ReceivedOp) => boolean;
  readonly resolve: (op: ReceivedOp) => void;
  readonly reject: (error: Error) => void;
}

export class FakeConnection implements Subscriber {
  /** 0 for the first connection of its server. */
  readonly index: number;
  /** Everything the client sent, in order. */
  readonly received: readonly ReceivedOp[];
  /** Resolves when the stream has gone, however it went. */
  readonly closed: Promise<void>;
  /** CONNECT's fields with the server's defaults. */
  wants: ConnectWishes = BEFORE_CONNECT;
  readonly #options: FakeConnectionOptions;
  readonly #received: ReceivedOp[] = [];
  readonly #subscriptions = new Map<string, FakeSubscription>();
  readonly #claimed = new Set<ReceivedOp>();
  readonly #waiters = new Set<Waiter>();
  readonly #decoder: Decoder;
  readonly #operations: ServerOperations = new ServerOperations();
  readonly #info: ServerInfo;
  #connected = false;
  #pingsOut = 0;
  #cancelPing: () => void = () => {};
  #gone: () => void = () => {};
  #state: "open" | "ending" | "gone" = "open";

  /** Made by a FakeServer. */
  constructor(options: FakeConnectionOptions) {
    const { info } = options.script();
    const own = typeof info === "function" ? info(options.index) : (info ?? {});
    this.#options = options;
    this.index = options.index;
    this.received = this.#received;
    this.#info = { ...options.base, client_id: options.index + 1, ...own };
    this.#decoder = new Decoder({ from: "client", maxPayload: this.#info.max_payload });
    this.closed = new Promise((resolve) => {
      this.#gone = resolve;
    });
    options.script().onAccept?.(this);
    if (own !== undefined) this.sendInfo();
    this.#schedulePing();
  }

  /** False once the stream has gone. */
  get isOpen(): boolean {
    return this.#state !== "gone";
  }

  /** CONNECT's fields as the client sent them, `undefined` before. */
  get options(): ConnectOptions | undefined {
    return this.#received.find((op): op is ReceivedConnect => op.op === "CONNECT")?.options;
  }

  /** Sends these bytes as they are; text as UTF-8, its CRLFs are the caller's. */
  send(text: string | Uint8Array): void {
    this.#write(bytesOf(text));
  }

  /** Sends INFO: what this connection was told first, with these fields over it. */
  sendInfo(overrides: Partial<ServerInfo> = {}): void {
    this.#write(this.#operations.info({ ...this.#info, ...overrides }));
  }

  /** Sends `-ERR '<text>'`. */
  err(text: string): void {
    this.#write(this.#operations.err(text));
  }

  /** Sends PING. */
  ping(): void {
    this.#write(this.#operations.ping());
  }

  /** Sends PONG. */
  pong(): void {
    this.#write(this.#operations.pong());
  }

  /** Sends a message to one subscription, without asking who subscribed; headers only to a client that said it has them. */
  deliver({ subject, sid, reply, headerBlock, payload }: FakeDelivery): void {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    const message = { subject, reply, headerBlock, payload: bytes };
    this.#write(this.#operations.message(sid, message, this.wants.headers));
  }

  /** Ends the stream after what was sent; what the client still sends is not read. */
  end(): void {
    if (this.#state === "open") this.#state = "ending";
    this.#options.stream.end();
  }

  /** Breaks the stream (RST). */
  reset(): void {
    this.#options.stream.reset();
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#options.stream.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#options.stream.resume();
  }

  /**
   * The first operation that fits, received already or still to come, and not yet returned by an earlier call: two waits
   * for `"PING"` return two of them. Rejects when the connection goes first.
   */
  waitFor<N extends ReceivedOp["op"]>(name: N): Promise<Extract<ReceivedOp, { op: N }>>;
  waitFor(wanted: (op: ReceivedOp) => boolean): Promise<ReceivedOp>;
  waitFor(wanted: string | ((op: ReceivedOp) => boolean)): Promise<ReceivedOp> {
    const fits = typeof wanted === "string" ? (op: ReceivedOp): boolean => op.op === wanted : wanted;
    const there = this.#received.find((op) => !this.#claimed.has(op) && fits(op));
    if (there !== undefined) {
      this.#claimed.add(there);
      return Promise.resolve(there);
    }
    return new Promise((resolve, reject) => {
      if (this.isOpen) this.#waiters.add({ wanted: fits, resolve, reject });
      else reject(new Error(`connection ${this.index} has gone`));
    });
  }

  /** True when the version in this connection's INFO is this one or newer. */
  isOrNewer(version: string): boolean {
    return compareVersions(this.#info.version, version) >= 0;
  }

  /** Called by the router: whether it takes a message of this publisher. */
  accepts(from: Subscriber | undefined): boolean {
    return from !== this || this.wants.echo;
  }

  /** Called by the router with a message for one subscription. */
  take(sid: string, message: RoutedMessage): void {
    this.deliver({ ...message, sid });
  }

  /** Called by the router when a subscription has reached its limit. */
  ended(sid: string): void {
    this.#subscriptions.delete(sid);
  }

  /** Called by the server with what the client sent. */
  push(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#decoder.push(chunk);
    try {
      for (let op = this.#decoder.next(); op !== Op.None; op = this.#decoder.next()) {
        const received = receivedOp(this.#decoder, op);
        this.#received.push(received);
        this.#react(received);
        this.#tell(received);
        if (this.#state !== "open") return;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(error);
    }
  }

  /** Called by the server when the stream has gone. */
  over(): void {
    this.#cancelPing();
    for (const subscription of this.#subscriptions.values()) this.#options.router.unsubscribe(subscription);
    for (const { reject } of this.#waiters) reject(new Error(`connection ${this.index} went before that came`));
    this.#waiters.clear();
    this.#state = "gone";
    this.#gone();
  }

  #react(received: ReceivedOp): void {
    const script = this.#options.script();
    switch (received.op) {
      case "CONNECT":
        this.#onConnect(received, script);
        break;
      case "PING":
        if (script.onPing?.(this) !== "silence") this.#onPing();
        break;
      case "PONG":
        this.#pingsOut = 0;
        break;
      case "SUB":
        if (script.onSub?.(this, received) !== "skip") this.#onSub(received);
        break;
      case "UNSUB":
        if (script.onUnsub?.(this, received) !== "skip") this.#onUnsub(received);
        break;
      case "PUB":
        if (script.onPub?.(this, received) !== "skip") this.#onPub(received);
        break;
    }
  }

  #onConnect(received: ReceivedConnect, script: FakeScript): void {
    this.wants = connectWishes(this.#decoder);
    if (script.onConnect?.(this, received.options) === "skip") return;
    if (this.wants.no_responders && !this.wants.headers) {
      this.err("no responders requires headers support");
      this.end();
    } else {
      this.#ok();
    }
  }

  #onPing(): void {
    this.pong();
    if (this.#connected || this.options === undefined) return;
    this.#connected = true;
    // Servers from 2.12 on tell a connection about itself after the first PONG.
    const tells = (this.options.protocol ?? 0) >= 1 && this.isOrNewer("2.12.0");
    if (tells) this.sendInfo({ connect_info: true, remote_account: "$G" });
  }

  #onSub(received: ReceivedSub): void {
    if (isValidSubscribeSubject(received.subject)) {
      // A sid in use stays what it is, as with a real server.
      const { subject, queue, sid } = received;
      if (!this.#subscriptions.has(sid)) {
        this.#subscriptions.set(sid, this.#options.router.subscribe(this, subject, queue, sid));
      }
      this.#ok();
    } else {
      this.err("Invalid Subject");
    }
  }

  #onUnsub(received: ReceivedUnsub): void {
    const subscription = this.#subscriptions.get(received.sid);
    if (subscription !== undefined && this.#options.router.limit(subscription, received.max)) this.ended(received.sid);
    this.#ok();
  }

  #onPub(received: ReceivedPub): void {
    if (received.headerBlock !== undefined && !this.wants.headers) {
      this.end(); // as a real server: without a word
      return;
    }
    if (this.wants.pedantic && !isValidPublishSubject(received.subject)) this.err("Invalid Publish Subject");
    this.#ok();
    const { subject, reply } = received;
    if (this.#options.router.publish(this, received) || reply === undefined || !this.wants.no_responders) return;
    const waiting = this.#options.router.ownSubscription(this, reply);
    if (waiting !== undefined) this.take(waiting.sid, noResponders(subject, reply, this.isOrNewer("2.12.0")));
  }

  #ok(): void {
    if (this.wants.verbose) this.#write(this.#operations.ok());
  }

  #refuse(error: ProtocolError): void {
    const text = answerTo(error);
    if (text !== undefined) this.err(text);
    this.end();
  }

  #schedulePing(): void {
    const { pingInterval, pingMax = 2 } = this.#options.script();
    if (pingInterval === undefined) return;
    this.#cancelPing = this.#options.clock.after(pingInterval, () => {
      if (this.#pingsOut >= pingMax) {
        this.err("Stale Connection");
        this.end();
      } else {
        this.#pingsOut++;
        this.ping();
        this.#schedulePing();
      }
    });
  }

  #tell(received: ReceivedOp): void {
    for (const waiter of this.#waiters) {
      if (!waiter.wanted(received)) continue;
      this.#waiters.delete(waiter);
      this.#claimed.add(received);
      waiter.resolve(received);
      return;
    }
  }

  #write(bytes: Uint8Array): void {
    if (this.#state === "open") this.#options.stream.send(bytes);
  }
}

/** Bytes of its own, because the stream takes ownership. */
function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text.slice();
}
