// Everything outbound, in order: whole encoded operations until the transport takes them, over links and outages. While there is a link
// it is emptied at the end of each turn of the event loop, as far as the socket takes it; what is left when a link is lost waits for
// the next one, within the bounds of an outage. It decides what is kept and what is dropped, and knows no server.

import { InvalidArgumentError } from "@myelin/contracts";
import type { Deferred } from "./deferred.js";
import { BufferedBytesError, InvalidOperationError, MaxPayloadError, ReconnectBufferFullError } from "./errors.js";
import { isHeaders } from "./headers.js";
import type { Link, ServerInfo } from "./link.js";
import type { Payload, PublishOptions } from "./message.js";
import type { Shared } from "./shared.js";
import type { DropReason } from "./status.js";
import { checkSubject } from "./subject.js";
import { toUtf8 } from "./utf8.js";
import { join } from "./wire.js";

/** Bytes of one write, but for a message that has more; and queued ones from which a publisher had better wait. */
const MOST_AT_ONCE = 1024 * 1024;

/** One encoded operation. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** Header and payload bytes; -1 of an operation for one link alone, such as SUB. */
  readonly size: number;
  readonly subject: string;
  readonly hasHeaders?: boolean;
  /** Told when it will never be sent. */
  readonly refused?: ((error: Error) => void) | undefined;
}

export interface Outbox {
  /** Encodes and queues a message. Throws, and changes nothing, when it cannot be accepted. */
  add(subject: string, payload: Payload | undefined, options: PublishOptions, refused?: Frame["refused"]): Frame;
  /** Whether a publisher had better go on. */
  isRoomy(): boolean;
  /** Resolves `writer` when it is: at once, when the backlog is gone, or with the next link; rejects it when there will be none. */
  await(writer: Deferred<void>): void;
  /** Nobody waits for it any more. */
  forget(writer: Deferred<void>): void;
  /** Queues lines for this link, for the next one is told anew; a `quiet` one asks for no sign of life. */
  control(line: string, quiet?: boolean): void;
  /** Takes back what nobody waits for any more. */
  withdraw(frame: Frame): void;
  /** True while no transport has taken it. */
  holds(frame: Frame): boolean;
  /** Messages that no transport has taken. */
  messages(): number;
  /** A link is up: `lines` go first, then what was kept and its server takes. */
  linked(link: Link, lines: readonly string[]): void;
  /** The link is gone: what was for it alone is forgotten, and of the rest the oldest are kept. */
  unlinked(): void;
  /** The transport takes more. */
  drained(): void;
  /** Hands on what the transport takes; everything, whether it can take it at once or not, when that is `forced`. */
  flush(forced?: boolean): void;
  /** The connection has ended: what was kept is dropped. */
  end(error: Error): void;
}

export function outbox(shared: Shared): Outbox {
  const { maxBufferedBytes, reconnectBuffer } = shared.options;
  const frames = new Set<Frame>();
  let bytes = 0;
  let scheduled = false;
  // False from a write that the transport could not take at once until it can take more.
  let open = true;
  const writers = new Set<Deferred<void>>();
  // Why nothing is taken any more.
  let over: Error | undefined;
  // The latest server's, which may be another one with every INFO.
  let info: Pick<ServerInfo, "headers" | "max_payload"> = { headers: true, max_payload: Number.POSITIVE_INFINITY };

  const fits = (frame: Frame): boolean =>
    bytes + frame.bytes.length <= reconnectBuffer.bytes && frames.size < reconnectBuffer.messages;

  const keep = (frame: Frame): void => {
    frames.add(frame);
    bytes += frame.bytes.length;
  };

  const withdraw = (frame: Frame): void => {
    if (frames.delete(frame)) bytes -= frame.bytes.length;
  };

  const schedule = (quiet?: boolean): void => {
    const link = shared.link();
    if (link === undefined) return;
    if (!quiet) link.expects();
    // Else a publisher that does not wait would never be told to.
    if (bytes >= MOST_AT_ONCE) flush();
    if (scheduled) return;
    scheduled = true;
    shared.clock.endOfTurn(() => {
      scheduled = false;
      flush();
    });
  };

  const flush = (forced?: boolean): void => {
    for (let link = shared.link(); link !== undefined && (open || forced) && frames.size > 0; link = shared.link()) {
      const batch: Uint8Array[] = [];
      let sum = 0;
      for (const frame of frames) {
        sum += frame.bytes.length;
        if (batch.length > 0 && sum > MOST_AT_ONCE) break;
        batch.push(frame.bytes);
        withdraw(frame);
      }
      open = link.write(join(batch));
    }
    if (!open || shared.link() === undefined) return;
    for (const writer of writers) writer.resolve();
    writers.clear();
  };

  const drop = (reason: DropReason, chosen: (frame: Frame) => boolean): void => {
    const dropped = [...frames].filter(chosen);
    if (dropped.length === 0) return;
    const before = bytes;
    for (const frame of dropped) withdraw(frame);
    shared.emit({ type: "dropped", messages: dropped.length, bytes: before - bytes, reason });
    for (const { refused, subject } of dropped) {
      refused?.(
        reason === "buffer-full"
          ? new ReconnectBufferFullError(subject, reconnectBuffer)
          : new InvalidOperationError(`request to "${subject}" dropped: ${reason}`),
      );
    }
  };

  const isRoomy = (): boolean =>
    shared.link() === undefined
      ? bytes * 2 < reconnectBuffer.bytes && frames.size * 2 < reconnectBuffer.messages
      : open || bytes < MOST_AT_ONCE;

  const lineFrame = (line: string): Frame => ({ bytes: toUtf8(`${line}\r\n`), size: -1, subject: "" });

  return {
    add(subject, payload = "", { headers, reply }, refused) {
      checkSubject(subject, "subject");
      // Programs say "" for none.
      if (reply) checkSubject(reply, "reply");
      if (headers !== undefined && !isHeaders(headers)) throw new InvalidArgumentError("headers", "use headers()");
      const isText = typeof payload === "string";
      if (!isText && !(payload instanceof Uint8Array)) {
        throw new InvalidArgumentError("payload", "must be a string or a Uint8Array");
      }
      const data = isText ? toUtf8(payload) : payload;
      const block = toUtf8(headers?.toString() ?? "");
      const size = block.length + data.length;
      info = shared.link()?.info ?? info;
      if (size > info.max_payload) throw new MaxPayloadError(size, info.max_payload, subject);
      const hasHeaders = headers !== undefined;
      const words = hasHeaders ? ["HPUB", subject, reply, block.length, size] : ["PUB", subject, reply, size];
      const line = toUtf8(`${words.filter((word) => word || word === 0).join(" ")}\r\n`);
      const frame = { bytes: join([line, block, data, toUtf8("\r\n")]), size, subject, hasHeaders, refused };
      if (shared.link() === undefined) {
        if (!fits(frame)) throw new ReconnectBufferFullError(subject, reconnectBuffer);
      } else if (hasHeaders && !info.headers) {
        throw new InvalidOperationError(`publish to "${subject}": the server has no headers`);
      } else if (bytes > maxBufferedBytes) throw new BufferedBytesError(subject, maxBufferedBytes);
      keep(frame);
      schedule();
      return frame;
    },
    isRoomy,
    await(writer) {
      if (over !== undefined) writer.reject(over);
      else if (shared.link() !== undefined && isRoomy()) writer.resolve();
      else writers.add(writer);
    },
    forget: (writer) => writers.delete(writer),
    control(line, quiet) {
      if (shared.link() === undefined) return;
      keep(lineFrame(line));
      schedule(quiet);
    },
    withdraw,
    holds: (frame) => frames.has(frame),
    messages: () => [...frames].filter(({ size }) => size >= 0).length,
    linked(link, lines) {
      info = link.info;
      open = true;
      drop("max-payload", ({ size }) => size > info.max_payload);
      drop("no-headers", ({ hasHeaders }) => hasHeaders === true && !info.headers);
      const kept = [...frames];
      frames.clear();
      for (const line of lines) keep(lineFrame(line));
      for (const frame of kept) frames.add(frame);
      schedule();
    },
    unlinked() {
      const left = [...frames];
      frames.clear();
      bytes = 0;
      const over = new Set<Frame>();
      for (const frame of left) {
        if (frame.size < 0) continue;
        if (!fits(frame)) over.add(frame);
        keep(frame);
      }
      drop("buffer-full", (frame) => over.has(frame));
    },
    drained() {
      open = true;
      flush();
    },
    flush,
    end(error) {
      drop("closed", ({ size }) => size >= 0);
      frames.clear();
      over = error;
      for (const writer of writers) writer.reject(error);
    },
  };
}
