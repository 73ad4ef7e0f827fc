// One client of a broker: reads what it sends and answers as nats-server does. Who receives what is published is
// message-router.ts; accepting, ending and everything about time is broker.ts.

import {
  type ConnectOptions,
  Decoder,
  isValidPublishSubject,
  isValidSubscribeSubject,
  Op,
  ProtocolError,
} from "@myelin/protocol";
import { BEFORE_CONNECT, type ConnectWishes, connectWishes } from "../connect-wishes.js";
import { type Faults, LinkFaults } from "../faults/link-faults.js";
import type { ServerStream } from "../server-stream.js";
import type { Identity } from "./authentication.js";
import type { BrokerCore } from "./broker-core.js";
import type { RoutedMessage, Subscriber, Subscription } from "./message-router.js";
import { noResponders } from "./no-responders.js";
import { allows, denies } from "./permissions.js";
import { answerTo, CloseCode, closeCodeOf } from "./protocol-answers.js";
import { publishedMessage, textOrNone } from "./published-message.js";

/** A subscription at a broker. */
export type BrokerSubscription = Subscription<BrokerConnection>;

// `greeted` = has had INFO; `connected` = CONNECT was accepted; `proven` = its first PING was answered.
type State = "silent" | "greeted" | "connected" | "proven" | "ending" | "gone";

export class BrokerConnection implements Subscriber {
  /** `client_id` of INFO. */
  readonly id: number;
  /** Where the client dialled from. */
  readonly remoteAddress: string;
  /** How it came, as `connz` of nats-server has it: over TCP or memory, or over WebSocket. */
  readonly type: "nats" | "websocket";
  readonly #core: BrokerCore;
  readonly #stream: ServerStream;
  readonly #decoder: Decoder;
  readonly #nonce: string | undefined;
  #toldTopology = 0;
  #state: State = "silent";
  #wants: ConnectWishes = BEFORE_CONNECT;
  #options: ConnectOptions | undefined;
  #identity: Identity | undefined;
  // Most connections of a large fleet never subscribe twice and are never disturbed: both only when needed.
  #subscriptions: Map<string, BrokerSubscription> | undefined;
  #faults: LinkFaults | undefined;
  #pingsOut = 0;
  #activeAt: number;
  #closeCode: number = CloseCode.normal;

  /** Made by a broker. */
  constructor(core: BrokerCore, id: number, stream: ServerStream, nonce: string | undefined) {
    this.#core = core;
    this.id = id;
    this.#stream = stream;
    this.#nonce = nonce;
    this.remoteAddress = stream.remoteAddress;
    this.type = stream.isWebSocket ? "websocket" : "nats";
    const { maxPayload, maxControlLine } = core.options;
    this.#decoder = new Decoder({ from: "client", maxPayload, maxControlLine });
    this.#activeAt = core.options.clock.now();
  }

  /** False once the stream has gone. */
  get isOpen(): boolean {
    return this.#state !== "gone";
  }

  /** True from an accepted CONNECT until the end. */
  get isConnected(): boolean {
    return this.#state === "connected" || this.#state === "proven";
  }

  /** CONNECT's fields as the client sent them, secrets among them; `undefined` before. */
  get options(): ConnectOptions | undefined {
    return this.#options;
  }

  /** `name` of CONNECT. */
  get name(): string | undefined {
    return this.#options?.name;
  }

  /** Its subscriptions now. */
  get subscriptions(): readonly BrokerSubscription[] {
    return [...(this.#subscriptions?.values() ?? [])];
  }

  /** What can go wrong on this connection, at a word. */
  get faults(): Faults {
    return this.#link();
  }

  /** Sends `-ERR '<text>'`. */
  err(text: string): void {
    this.#send(this.#core.operations.err(text));
  }

  /** Sends these bytes as they are; text as UTF-8, its CRLFs are the caller's. */
  send(text: string | Uint8Array): void {
    this.#send(typeof text === "string" ? new TextEncoder().encode(text) : text.slice());
  }

  /** Ends the stream after what was sent; what the client still sends is not read. */
  end(): void {
    this.close(CloseCode.normal);
  }

  /** Breaks the stream (RST). */
  reset(): void {
    if (this.#state !== "gone") this.#stream.reset();
  }

  /** Ends it as a server does whose client's credentials have run out. */
  expire(): void {
    this.refuse("User Authentication Expired");
  }

  // --- called by the broker ------------------------------------------------------------------------------------------

  /** Ends the stream after what was sent, over WebSocket with this close code; breaks it without one. */
  close(code: number | undefined): void {
    if (!this.#isReading()) return;
    this.#closeCode = code ?? CloseCode.normal;
    this.#leave("ending");
    if (code === undefined) this.#stream.reset();
    else if (this.#faults === undefined) this.#stream.end(code);
    else this.#faults.toClient.end();
  }

  /** Whether anything was ever done to {@link faults}. */
  get isDisturbed(): boolean {
    return this.#faults !== undefined;
  }

  /** Sends the first INFO. */
  greet(): void {
    if (this.#state !== "silent") return;
    this.#state = "greeted";
    this.tellInfo();
  }

  /** Sends INFO as it is now. */
  tellInfo(more?: { readonly connect_info: true; readonly remote_account: string }): void {
    this.#toldTopology = this.#core.topology;
    const nonce = this.#nonce;
    this.#send(this.#core.infoBytes(this.type, { client_id: this.id, ...(nonce !== undefined && { nonce }), ...more }));
  }

  /** Whether it takes INFO at any time. */
  get hearsInfo(): boolean {
    return this.#state === "proven" && this.#wants.protocol >= 1;
  }

  /** Its PING is due: sends it unless there was traffic meanwhile; false when it was stale and has been ended. */
  pingDue(): boolean {
    const { clock, pingInterval, pingMax } = this.#core.options;
    if (clock.now() - this.#activeAt < pingInterval) return true;
    if (this.#pingsOut + 1 > pingMax) {
      this.refuse("Stale Connection");
      return false;
    }
    this.#pingsOut++;
    this.#send(this.#core.operations.ping());
    return true;
  }

  /** It had to say who it is, and has not in time. */
  authenticationDue(): void {
    if (!this.isConnected) this.refuse("Authentication Timeout");
  }

  /** Sends `-ERR` and ends it. */
  refuse(text: string): void {
    if (!this.#isReading()) return;
    this.err(text);
    this.close(closeCodeOf(text));
  }

  /** Stops reading from the client, as a server that is busy. */
  pause(): void {
    this.#stream.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#stream.resume();
  }

  /** What came from the stream. */
  arrived(chunk: Uint8Array): void {
    if (this.#faults === undefined) this.#read(chunk);
    else this.#faults.toServer.push(chunk);
  }

  /** The stream has gone. */
  over(): void {
    if (this.#state !== "gone") this.#leave("gone");
    this.#faults?.destroy();
    this.#core.gone(this);
  }

  /** Nothing waits on its way any more. */
  dropWaiting(): void {
    this.#faults?.destroy();
  }

  // --- called by the router ------------------------------------------------------------------------------------------

  accepts(from: Subscriber | undefined, subject: string): boolean {
    if (from === this && !this.#wants.echo) return false;
    return !denies(this.#identity?.permissions?.subscribe, subject);
  }

  take(sid: string, message: RoutedMessage): void {
    this.#core.delivered(message);
    this.#send(this.#core.operations.message(sid, message, this.#wants.headers));
  }

  ended(sid: string): void {
    this.#subscriptions?.delete(sid);
  }

  // --- reading -------------------------------------------------------------------------------------------------------

  #read(chunk: Uint8Array): void {
    if (this.#state === "ending" || this.#state === "gone") return;
    const { clock, tap } = this.#core.options;
    this.#activeAt = clock.now();
    tap?.({ at: this.#activeAt, connection: this, direction: "in", bytes: chunk });
    const decoder = this.#decoder;
    decoder.push(chunk);
    try {
      for (let op = decoder.next(); op !== Op.None; op = decoder.next()) {
        this.#react(op);
        // It may have ended by what it asked for.
        if (!this.#isReading()) return;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#broken(error);
    }
  }

  #isReading(): boolean {
    return this.#state !== "ending" && this.#state !== "gone";
  }

  #react(op: Op): void {
    if (op !== Op.Connect && !this.isConnected && this.#core.authRequired) {
      this.refuse("Authorization Violation");
      return;
    }
    switch (op) {
      case Op.Connect:
        this.#onConnect();
        break;
      case Op.Ping:
        this.#onPing();
        break;
      case Op.Pong:
        this.#pingsOut = 0;
        break;
      case Op.Sub:
        this.#onSub();
        break;
      case Op.Unsub:
        this.#onUnsub();
        break;
      default:
        this.#onPub(op === Op.HPub);
    }
  }

  #onConnect(): void {
    const options = this.#decoder.connect();
    this.#options = options;
    this.#wants = connectWishes(this.#decoder);
    const identity = this.#core.identify(options, this.#nonce);
    if (identity === undefined) {
      this.refuse("Authorization Violation");
      return;
    }
    if (this.#wants.no_responders && !this.#wants.headers) {
      this.refuse("no responders requires headers support");
      return;
    }
    this.#identity = identity;
    if (this.#state !== "proven") this.#state = "connected";
    this.#core.connected(this, identity);
    this.#ok();
  }

  #onPing(): void {
    const first = this.#state === "connected";
    if (first) {
      this.#state = "proven";
      // The cluster has changed since it was greeted.
      if (this.#wants.protocol >= 1 && this.#core.topology > this.#toldTopology) this.tellInfo();
    }
    this.#send(this.#core.operations.pong());
    // Servers from 2.12 on tell a connection about itself after the first PONG.
    if (first && this.#wants.protocol >= 1 && this.#core.isOrNewer("2.12.0")) {
      this.tellInfo({ connect_info: true, remote_account: "$G" });
    }
  }

  #onSub(): void {
    const subject = textOrNone(this.#decoder, this.#decoder.subjectStart, this.#decoder.subjectEnd) ?? "";
    const queue = textOrNone(this.#decoder, this.#decoder.queueStart, this.#decoder.queueEnd);
    const sid = this.#decoder.sidText();
    if (!allows(this.#identity?.permissions?.subscribe, subject)) {
      const group = queue === undefined ? "" : ` using queue "${queue}"`;
      this.err(`Permissions Violation for Subscription to "${subject}"${group}`);
    } else if (this.#subscriptions?.has(sid)) {
      this.#ok(); // a sid in use stays what it is
    } else if (!isValidSubscribeSubject(subject)) {
      this.err("Invalid Subject");
    } else {
      this.#subscriptions ??= new Map();
      this.#subscriptions.set(sid, this.#core.router.subscribe(this, subject, queue, sid));
      this.#ok();
    }
  }

  #onUnsub(): void {
    const { max } = this.#decoder;
    const sid = this.#decoder.sidText();
    const subscription = this.#subscriptions?.get(sid);
    if (subscription !== undefined && this.#core.router.limit(subscription, max)) this.#subscriptions?.delete(sid);
    this.#ok();
  }

  #onPub(hasHeaders: boolean): void {
    const message = publishedMessage(this.#decoder, hasHeaders);
    const { subject, reply } = message;
    if (hasHeaders && !this.#wants.headers) {
      this.#broken(); // as a real server: without a word
      return;
    }
    if (this.#wants.pedantic && !isValidPublishSubject(subject)) this.err("Invalid Publish Subject");
    if (!allows(this.#identity?.permissions?.publish, subject)) {
      this.err(`Permissions Violation for Publish to "${subject}"`);
      return;
    }
    this.#ok();
    if (this.#core.publish(this, message) || reply === undefined || !this.#wants.no_responders) return;
    // It counts towards no limit.
    const waiting = this.#core.router.ownSubscription(this, reply);
    if (waiting !== undefined) this.take(waiting.sid, noResponders(subject, reply, this.#core.isOrNewer("2.12.0")));
  }

  #broken(error?: ProtocolError): void {
    const stranger = !this.isConnected && this.#core.authRequired;
    const text = stranger ? "Authorization Violation" : error && answerTo(error);
    const ofProtocol = closeCodeOf(text) === CloseCode.protocol;
    // Newer servers only break a WebSocket then.
    if (ofProtocol && this.type === "websocket" && this.#core.isOrNewer("2.12.0")) this.close(undefined);
    else if (text === undefined) this.close(CloseCode.protocol);
    else this.refuse(text);
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  #ok(): void {
    if (this.#wants.verbose) this.#send(this.#core.operations.ok());
  }

  #send(bytes: Uint8Array): void {
    if (!this.#isReading() || this.#state === "silent") return;
    const { clock, maxPending, tap } = this.#core.options;
    tap?.({ at: clock.now(), connection: this, direction: "out", bytes });
    if (this.#faults === undefined) this.#stream.send(bytes);
    else this.#faults.toClient.push(bytes);
    if (this.#stream.bufferedBytes + (this.#faults?.toClient.bufferedBytes ?? 0) > maxPending) {
      this.#core.slowConsumer();
      this.reset(); // as a real server: without a word, and without what waits
    }
  }

  /** It takes part in nothing any more. */
  #leave(state: "ending" | "gone"): void {
    this.#state = state;
    for (const subscription of this.#subscriptions?.values() ?? []) this.#core.router.unsubscribe(subscription);
    this.#subscriptions = undefined;
    this.#core.left(this);
  }

  #link(): LinkFaults {
    const clock = this.#core.options.clock;
    this.#faults ??= new LinkFaults(clock, {
      client: { send: (bytes) => this.#stream.send(bytes), end: () => this.#stream.end(this.#closeCode) },
      server: { send: (bytes) => this.#read(bytes), end: () => this.#stream.end() },
      reset: () => this.#stream.reset(),
    });
    return this.#faults;
  }
}
