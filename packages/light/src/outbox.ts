// Everything outbound, in order: whole encoded operations until the transport takes them, over links and outages. While there is a link
// it is emptied at the end of each turn of the event loop, as far as the socket takes it; what is left when a link is lost waits for
// the next one, within the bounds of an outage. It decides what is kept and what is dropped, and knows no server.

import { type Clock, InvalidArgumentError } from "@myelin/contracts";
import { type Deferred, deferred } from "./deferred.js";
import { BufferedBytesError, InvalidOperationError, MaxPayloadError, ReconnectBufferFullError } from "./errors.js";
import { isHeaders } from "./headers.js";
import type { Link } from "./link.js";
import type { Payload, PublishOptions } from "./message.js";
import type { ResolvedOptions } from "./options.js";
import type { DropReason } from "./status.js";
import { checkSubject } from "./subject.js";
import { toUtf8 } from "./utf8.js";
import { join } from "./wire.js";

/** Bytes of one write, but for a message that has more. */
const MOST_AT_ONCE = 1024 * 1024;

/** One encoded operation. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** Header and payload bytes; -1 of an operation for one link alone, such as SUB. */
  readonly size: number;
  readonly hasHeaders: boolean;
  readonly subject: string;
  /** Told when it will never be sent. */
  readonly refused: ((error: Error) => void) | undefined;
}

export interface OutboxHost {
  readonly clock: Clock;
  link(): Link | undefined;
  dropped(messages: number, bytes: number, reason: DropReason): void;
}

/** See above. */
export class Outbox {
  readonly #options: ResolvedOptions;
  readonly #host: OutboxHost;
  #frames = new Set<Frame>();
  #bytes = 0;
  #scheduled = false;
  // False from a write that the transport could not take at once until it can take more.
  #open = true;
  #writers: Deferred<void>[] = [];
  // Of the latest server; `undefined` before the first.
  #server: { readonly max_payload: number; readonly headers: boolean } | undefined;

  constructor(options: ResolvedOptions, host: OutboxHost) {
    this.#options = options;
    this.#host = host;
  }

  /** Messages that no transport has taken. */
  get messages(): number {
    return [...this.#frames].filter(({ size }) => size >= 0).length;
  }

  /** Encodes and queues a message. Throws, and changes nothing, when it cannot be accepted. */
  publish(subject: string, payload: Payload | undefined, options: PublishOptions, refused?: Frame["refused"]): Frame {
    const { headers } = options;
    // Programs say "" for none.
    const reply = options.reply || undefined;
    checkSubject(subject, "publish subject");
    if (reply !== undefined) checkSubject(reply, "reply");
    if (headers !== undefined && !isHeaders(headers)) throw new InvalidArgumentError("headers", "use headers()");
    if (payload !== undefined && typeof payload !== "string" && !(payload instanceof Uint8Array)) {
      throw new InvalidArgumentError("payload", "must be a string or a Uint8Array");
    }
    const data = typeof payload === "string" ? toUtf8(payload) : (payload ?? new Uint8Array());
    const block = headers === undefined ? new Uint8Array() : toUtf8(headers.toString());
    const size = block.length + data.length;
    const limit = this.#server?.max_payload ?? Number.POSITIVE_INFINITY;
    if (size > limit) throw new MaxPayloadError(size, limit, subject);
    const linked = this.#host.link() !== undefined;
    if (linked && headers !== undefined && this.#server?.headers === false) {
      throw new InvalidOperationError(`publish to "${subject}": the server has no headers`);
    }
    const sizes = headers === undefined ? size : `${block.length} ${size}`;
    const line = toUtf8(`${headers === undefined ? "" : "H"}PUB ${subject}${reply ? ` ${reply}` : ""} ${sizes}\r\n`);
    const bytes = join([line, block, data, toUtf8("\r\n")]);
    const frame: Frame = { bytes, size, hasHeaders: headers !== undefined, subject, refused };
    if (linked) {
      if (this.#bytes > this.#options.maxBufferedBytes) {
        throw new BufferedBytesError(subject, this.#options.maxBufferedBytes);
      }
    } else if (!this.#fits(frame)) throw new ReconnectBufferFullError(subject, this.#options.reconnectBuffer);
    this.#add(frame);
    return frame;
  }

  /** Whether a publisher had better go on. */
  get roomy(): boolean {
    if (this.#host.link() !== undefined) return this.#open || this.#bytes < MOST_AT_ONCE;
    const { bytes, messages } = this.#options.reconnectBuffer;
    return this.#bytes * 2 < bytes && this.#frames.size * 2 < messages;
  }

  /** Resolves when it is: at once, when the backlog is gone, or with the next link. */
  writable(): Promise<void> {
    const writer = deferred();
    if (this.#host.link() !== undefined && this.roomy) writer.resolve();
    else this.#writers.push(writer);
    return writer.promise;
  }

  /** Queues an operation for this link; without one it is forgotten, because the next link is told anew. */
  control(line: string, quiet = false): void {
    if (this.#host.link() !== undefined) this.#add(controlFrame(line), quiet);
  }

  /** Takes back what nobody waits for any more, unless it has left. */
  withdraw(frame: Frame): boolean {
    const there = this.#frames.delete(frame);
    if (there) this.#bytes -= frame.bytes.length;
    return there;
  }

  /** True while no transport has taken it. */
  holds(frame: Frame): boolean {
    return this.#frames.has(frame);
  }

  /** A link is up: what it must be told goes first, then what was kept and its server takes. */
  linked(lines: readonly string[], server: { readonly max_payload: number; readonly headers: boolean }): void {
    this.#server = server;
    this.#open = true;
    this.#drop("max-payload", ({ size }) => size > server.max_payload);
    this.#drop("no-headers", ({ hasHeaders }) => hasHeaders && !server.headers);
    const kept = this.#frames;
    this.#frames = new Set();
    for (const line of lines) this.#add(controlFrame(line));
    for (const frame of kept) this.#frames.add(frame);
    this.#host.link()?.expects();
    this.#schedule();
  }

  /** The link is gone: what was for it alone is forgotten, and of the rest the oldest are kept. */
  unlinked(): void {
    const left = this.#frames;
    this.#frames = new Set();
    this.#bytes = 0;
    const over: Frame[] = [];
    for (const frame of left) {
      if (frame.size < 0) continue;
      if (this.#fits(frame)) {
        this.#frames.add(frame);
        this.#bytes += frame.bytes.length;
      } else over.push(frame);
    }
    this.#tell("buffer-full", over, (one) => new ReconnectBufferFullError(one.subject, this.#options.reconnectBuffer));
  }

  /** The transport takes more. */
  drained(): void {
    this.#open = true;
    this.flush();
  }

  /** Hands on what the transport takes; everything, whether it can take it at once or not, when that is `forced`. */
  flush(forced = false): void {
    for (let link = this.#host.link(); link !== undefined && (this.#open || forced); link = this.#host.link()) {
      const batch: Uint8Array[] = [];
      let bytes = 0;
      for (const frame of this.#frames) {
        if (batch.length > 0 && bytes + frame.bytes.length > MOST_AT_ONCE) break;
        batch.push(frame.bytes);
        bytes += frame.bytes.length;
        this.#frames.delete(frame);
      }
      if (batch.length === 0) break;
      this.#bytes -= bytes;
      this.#open = link.write(join(batch));
    }
    if (this.#open && this.#host.link() !== undefined) for (const writer of this.#writers.splice(0)) writer.resolve();
  }

  /** The connection has ended: what was kept is dropped. */
  end(closed: (what: string) => Error): void {
    this.#drop("closed", ({ size }) => size >= 0);
    this.#frames.clear();
    for (const writer of this.#writers.splice(0)) writer.reject(closed("writable()"));
  }

  #fits({ bytes }: Frame): boolean {
    const limits = this.#options.reconnectBuffer;
    return this.#bytes + bytes.length <= limits.bytes && this.#frames.size < limits.messages;
  }

  #add(frame: Frame, quiet = false): void {
    const link = this.#host.link();
    this.#frames.add(frame);
    this.#bytes += frame.bytes.length;
    if (link === undefined) return;
    if (!quiet) link.expects();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#host.clock.endOfTurn(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #drop(reason: DropReason, chosen: (frame: Frame) => boolean): void {
    const frames = [...this.#frames].filter(chosen);
    for (const frame of frames) this.withdraw(frame);
    this.#tell(reason, frames, ({ subject }) => new InvalidOperationError(`request to "${subject}" dropped: ${reason}`));
  }

  #tell(reason: DropReason, frames: readonly Frame[], errorOf: (frame: Frame) => Error): void {
    if (frames.length === 0) return;
    const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
    this.#host.dropped(frames.length, bytes, reason);
    for (const frame of frames) frame.refused?.(errorOf(frame));
  }
}

function controlFrame(line: string): Frame {
  return { bytes: toUtf8(`${line}\r\n`), size: -1, hasHeaders: false, subject: "", refused: undefined };
}
