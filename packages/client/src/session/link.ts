// One live link to one server, from its first PONG to its end: reads operations and hands them on, gathers writes into one
// block a turn, matches PONGs, keeps alive. It knows no subscription, no request and no other server; it never comes back.

import type { Clock, TransportConnection, TransportError } from "@myelin/contracts";
import { type Decoder, Encoder, type MsgHdrs, Op, type Payload, type ServerInfo } from "@myelin/protocol";
import { type Deferred, deferred } from "../deferred.js";
import {
  BufferedBytesError,
  ConnectionError,
  DisconnectedError,
  errorOf,
  InvalidOperationError,
  StaleConnectionError,
} from "../errors.js";
import { infoShown, type Note } from "../history.js";
import type { Outbox } from "../publishing/outbox.js";
import type { Traffic } from "../traffic.js";
import { BlockReuse } from "./block-reuse.js";
import { KeepAlive } from "./keep-alive.js";
import { Pongs, type Reason } from "./pongs.js";

/** Encoded bytes past which `publish` asks its caller to wait for `writable()`. */
const HIGH_WATER = 1024 * 1024;

/** What a link reports; none of it throws. */
export interface LinkEvents {
  /** The cursor stands on a MSG or HMSG; valid until this returns. */
  message(cursor: Decoder): void;
  /** A later INFO. */
  info(info: ServerInfo): void;
  /** An -ERR, its text. Returns an error when the server will close the link because of it: then that is why it was lost. */
  serverError(text: string): Error | undefined;
  /** A keep-alive ping goes out. */
  ping(pending: number): void;
  /** Milliseconds from a PING of ours to its PONG. */
  measured(rtt: number): void;
  /** The link is gone and was not ended by us. Once, and last. */
  lost(error: Error): void;
}

export interface LinkOptions {
  /** Which link of its connection: 1, 2, … */
  readonly epoch: number;
  readonly clock: Clock;
  readonly pingInterval: number;
  readonly maxPingOut: number;
  readonly maxBufferedBytes: number;
  readonly pedantic: boolean;
  readonly traffic: Traffic;
  /** Remembers control traffic; not asked for messages. */
  readonly note: Note;
}

export class Link implements Outbox {
  readonly epoch: number;
  readonly #connection: TransportConnection;
  readonly #decoder: Decoder;
  readonly #encoder: Encoder;
  readonly #reuse: BlockReuse;
  readonly #events: LinkEvents;
  readonly #note: Note;
  readonly #clock: Clock;
  readonly #traffic: Traffic;
  readonly #maxBufferedBytes: number;
  readonly #keepAlive: KeepAlive;
  readonly #pongs: Pongs;
  #writers: Deferred<void>[] = [];
  #info: ServerInfo;
  // Who wants nothing to be read just now.
  readonly #holders = new Set<object>();
  // When what is written leaves: at the end of the chunk that is being read, or of the turn.
  #leaves: "chunk" | "turn" | undefined;
  #socketWritable = true;
  // What the server said before it closes the link.
  #farewell: Error | undefined;
  // Tells why the link ended; nothing is read or written once it is set.
  #end: Reason | undefined;

  constructor(
    connection: TransportConnection,
    decoder: Decoder,
    info: ServerInfo,
    options: LinkOptions,
    events: LinkEvents,
  ) {
    this.epoch = options.epoch;
    this.#connection = connection;
    this.#decoder = decoder;
    this.#info = info;
    this.#events = events;
    this.#note = options.note;
    this.#clock = options.clock;
    this.#traffic = options.traffic;
    this.#maxBufferedBytes = options.maxBufferedBytes;
    this.#encoder = new Encoder({ wildcardsInPublish: options.pedantic ? "allow" : "reject" });
    this.#encoder.maxPayload = info.max_payload;
    this.#pongs = new Pongs(options.clock);
    this.#reuse = new BlockReuse(options.clock, connection, this.#encoder);
    this.#keepAlive = new KeepAlive(options.clock, options.pingInterval, options.maxPingOut, {
      keepAlivePing: (pending) => {
        this.#pongs.expect(undefined);
        this.#encoder.ping();
        this.#scheduleFlush();
        this.#note("out", "PING");
        this.#events.ping(pending);
      },
      stale: () => this.fail(new StaleConnectionError(`${connection.remoteAddress} has been silent for too long`)),
    });
    this.#keepAlive.start();
  }

  /** The server's latest INFO. */
  get info(): ServerInfo {
    return this.#info;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  /** Bytes encoded or handed to the transport and not yet given to the operating system. */
  get bufferedBytes(): number {
    return this.#encoder.pendingBytes + this.#connection.bufferedBytes;
  }

  publish(
    subject: string,
    reply: string | undefined,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
    now = false,
  ): boolean {
    const encoder = this.#encoder;
    if (encoder.pendingBytes > this.#maxBufferedBytes) throw new BufferedBytesError(subject, this.#maxBufferedBytes);
    let size: number;
    if (headers === undefined) {
      size = encoder.pub(subject, reply, payload);
    } else {
      if (this.#info.headers !== true) {
        throw new InvalidOperationError(`publish to "${subject}": the server ${this.#info.version} has no headers`);
      }
      size = encoder.hpub(subject, reply, headers, payload);
    }
    this.#traffic.outMsgs++;
    this.#traffic.outBytes += size;
    this.#written(now);
    return this.#socketWritable || encoder.pendingBytes < HIGH_WATER;
  }

  subscribe(subject: string, queue: string | undefined, sid: number): void {
    this.#encoder.sub(subject, queue, sid);
    this.#written();
    this.#note("out", "SUB", subject, queue, sid);
  }

  unsubscribe(sid: number, max?: number): void {
    this.#encoder.unsub(sid, max);
    this.#written();
    this.#note("out", "UNSUB", sid, max);
  }

  /** Appends one publish that is already encoded. */
  append(frame: Uint8Array, size: number): void {
    this.#encoder.raw(frame);
    this.#traffic.outMsgs++;
    this.#traffic.outBytes += size;
    this.#written();
  }

  get maxPayload(): number {
    return this.#info.max_payload;
  }

  get headers(): boolean {
    return this.#info.headers === true;
  }

  /** A PING behind everything written so far; resolves on its PONG, rejects when the link ends first. */
  roundTrip(): Promise<void> {
    const pong = deferred();
    if (this.#end !== undefined) pong.reject(this.#end());
    else {
      this.#pongs.expect(pong);
      this.#encoder.ping();
      this.#written();
      this.#note("out", "PING");
    }
    return pong.promise;
  }

  /** Resolves when a publisher may go on: at once, or when the backlog is gone; rejects when the link ends first. */
  writable(): Promise<void> {
    if (this.#end === undefined && (this.#socketWritable || this.#encoder.pendingBytes < HIGH_WATER)) {
      return Promise.resolve();
    }
    const writer = deferred();
    if (this.#end !== undefined) writer.reject(this.#end());
    else this.#writers.push(writer);
    return writer.promise;
  }

  // --- from the transport -------------------------------------------------------------------------------------------

  /** A chunk arrived; it is ours. */
  data(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#traffic.socketInBytes += chunk.length;
    this.#keepAlive.inbound();
    this.#decoder.push(chunk);
    // Answers to what a chunk brings share a write that does not wait for the end of the turn.
    const leaves = this.#leaves;
    this.#leaves ??= "chunk";
    this.pump();
    if (leaves === undefined) this.#flush();
    this.#leaves = leaves;
  }

  /** Where the rest of a large message had best be read to. */
  room(): Uint8Array | undefined {
    return this.#decoder.room();
  }

  /** Handles every whole operation the decoder holds. */
  pump(): void {
    const decoder = this.#decoder;
    try {
      while (this.#end === undefined && this.#holders.size === 0) {
        switch (decoder.next()) {
          case Op.None:
            return;
          case Op.Msg:
          case Op.HMsg:
            this.#traffic.inMsgs++;
            this.#traffic.inBytes += decoder.payloadEnd - decoder.headersStart;
            this.#events.message(decoder);
            break;
          case Op.Ping:
            this.#encoder.pong();
            this.#scheduleFlush();
            this.#note("in", "PING");
            this.#note("out", "PONG");
            break;
          case Op.Pong:
            this.#note("in", "PONG");
            this.#pongs.came((rtt) => this.#events.measured(rtt));
            break;
          case Op.Info:
            this.#info = decoder.info();
            this.#encoder.maxPayload = this.#info.max_payload;
            this.#note("in", "INFO", infoShown(this.#info));
            this.#events.info(this.#info);
            break;
          case Op.Err:
            this.#note("in", `-ERR ${decoder.text()}`);
            this.#farewell = this.#events.serverError(decoder.text());
            break;
          default: // +OK in verbose mode
            break;
        }
      }
    } catch (cause) {
      // Bad bytes from the server: never the process, always the link.
      this.fail(errorOf(cause));
    }
  }

  /**
   * Stops reading, for as long as anybody holds: back-pressure down to the server. The silence that follows is ours, so nobody
   * is called stale for it.
   */
  hold(holder: object): void {
    if (this.#end !== undefined || this.#holders.has(holder)) return;
    this.#holders.add(holder);
    if (this.#holders.size > 1) return;
    this.#keepAlive.stop();
    this.#connection.pause();
  }

  /** Takes back {@link hold}; does nothing for one who does not hold. */
  release(holder: object): void {
    if (!this.#holders.delete(holder) || this.#holders.size > 0 || this.#end !== undefined) return;
    this.#keepAlive.inbound();
    this.#keepAlive.start();
    this.#connection.resume();
    // What was already read is handled later, not inside the consumer's own call.
    this.#clock.endOfTurn(() => this.pump());
  }

  /** Asks for a sign of life now; without any within two seconds the link is stale. Nothing while reading is held. */
  probe(): void {
    if (this.#end === undefined && this.#holders.size === 0) this.#keepAlive.probe();
  }

  /** The transport takes more. */
  drain(): void {
    this.#socketWritable = true;
    this.#reuse.check();
    this.#flush();
    if (!this.#socketWritable) return;
    for (const writer of this.#writers.splice(0)) writer.resolve();
  }

  /** The transport's stream ended. */
  closed(error: TransportError | undefined): void {
    if (this.#end !== undefined) return;
    this.fail(this.#farewell ?? error ?? new ConnectionError(`${this.remoteAddress} closed the link`));
  }

  // --- ending --------------------------------------------------------------------------------------------------------

  /** The link is lost: tears it down and reports it. */
  fail(error: Error): void {
    if (this.#end !== undefined) return;
    this.destroy(
      () => new DisconnectedError(`lost the link to ${this.remoteAddress}: ${error.message}`, true, { cause: error }),
    );
    this.#events.lost(error);
  }

  /** Ends the link now, without a report: whoever waits on it is rejected with `reason`. */
  destroy(reason: Reason): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#keepAlive.stop();
    this.#reuse.stop();
    this.#connection.destroy();
    this.#pongs.reject(this.#end);
    for (const writer of this.#writers.splice(0)) writer.reject(reason());
    const told = reason();
    this.#note("own", "link ended:", errorOf(told.cause ?? told).message);
  }

  /** Hands all that is written to the transport and ends the stream in order, within `ms`. Without a report; never rejects. */
  async close(ms: number, reason: Reason): Promise<void> {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#keepAlive.stop();
    this.#reuse.stop();
    this.#pongs.reject(reason);
    for (const writer of this.#writers.splice(0)) writer.reject(reason());
    this.#note("own", "link closed");
    const cancel = this.#clock.after(ms, () => this.#connection.destroy());
    try {
      for (let block = this.#encoder.take(); block !== undefined; block = this.#encoder.take()) this.#write(block);
      await this.#connection.close();
    } catch {
      // A transport that breaks its contract; what matters is that it ends.
      this.#connection.destroy();
    }
    cancel();
  }

  /** Whole operations that were encoded and never handed to the transport; the caller owns them. */
  takeBacklog(): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    for (let block = this.#encoder.take(); block !== undefined; block = this.#encoder.take()) blocks.push(block);
    return blocks;
  }

  // --- writing -------------------------------------------------------------------------------------------------------

  #written(now = false): void {
    if (this.#leaves !== "turn") this.#keepAlive.outbound();
    if (now && this.#leaves === undefined) this.#flush();
    else this.#scheduleFlush();
    // Whole blocks do not wait for the end of the turn. The one that is being written does: its first message alone is no write.
    if (this.#encoder.hasFullBlock) this.#flush(true);
  }

  #scheduleFlush(): void {
    if (this.#leaves !== undefined) return;
    this.#leaves = "turn";
    this.#clock.endOfTurn(this.#endOfTurn);
  }

  readonly #endOfTurn = (): void => {
    this.#leaves = undefined;
    this.#flush();
  };

  #flush(onlyFull = false): void {
    while (this.#socketWritable && this.#end === undefined && (!onlyFull || this.#encoder.hasFullBlock)) {
      const block = this.#encoder.take();
      if (block === undefined) return;
      this.#write(block);
    }
  }

  #write(block: Uint8Array): void {
    this.#traffic.socketOutBytes += block.length;
    try {
      this.#socketWritable = this.#connection.write(block);
      this.#reuse.check();
    } catch (cause) {
      this.fail(errorOf(cause));
    }
  }
}
