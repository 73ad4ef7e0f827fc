// Bytes of a server in, one operation at a time out. Pull style: whoever reads may stop between two operations, so that nothing of
// an encrypted session is read as plaintext. Source: NATS client protocol; the bounds are those of @myelin/protocol.

import { NatsError } from "@myelin/contracts";
import { fromUtf8 } from "./utf8.js";

/** The peer sent bytes that are not the NATS client protocol; the link cannot be trusted any more. */
export class ProtocolError extends NatsError {
  readonly code = "PROTOCOL_ERROR";
}

/** A received message: what its line said, and views of the bytes behind it. */
export interface IncomingMessage {
  readonly verb: "msg" | "hmsg";
  /** -1 when it is no decimal number. */
  readonly sid: number;
  readonly subject: string;
  readonly reply: string | undefined;
  /** The block, `undefined` when there is none. */
  readonly block: Uint8Array | undefined;
  readonly data: Uint8Array;
}

/** INFO and -ERR with their text, the others without any. */
export type Incoming =
  | IncomingMessage
  | { readonly verb: "info" | "-err" | "ping" | "pong" | "+ok"; readonly text: string };

/** Reads one stream. */
export interface WireDecoder {
  /** Adds bytes; the chunk is ours from now on. */
  push(chunk: Uint8Array): void;
  /** The next whole operation, `undefined` when it has not fully arrived. Throws ProtocolError when the stream is broken. */
  next(): Incoming | undefined;
}

const VERB = /^(?:h?msg|ping|pong|\+ok|-err|info)(?![^ \t\r])/i;
const LONGEST_VERB = 4;
const MAX_LINE = 65_536;
const MAX_TEXT_LINE = 1_048_576;
const MAX_PAYLOAD = 64 * 1024 * 1024;

export function wireDecoder(): WireDecoder {
  let buffer = new Uint8Array();
  let at = 0;
  // Chunks behind `buffer`; joined with it when an operation may be complete, so that a large message is copied once.
  let queue: Uint8Array[] = [];
  let queued = 0;
  // Bytes the message at `at` has with its line; 0 = its line has not ended yet.
  let needed = 0;
  // Bytes at which an unfinished line is looked at once more.
  let look = LONGEST_VERB + 1;
  let ready = false;

  const held = (): number => buffer.length - at + queued;

  const read = (): Incoming | undefined => {
    const lineFeed = buffer.indexOf(10, at);
    const end = lineFeed < 0 ? buffer.length : lineFeed;
    const name = VERB.exec(fromUtf8(buffer.subarray(at, Math.min(end, at + LONGEST_VERB + 1))))?.[0];
    if (lineFeed < 0 && end - at <= LONGEST_VERB) return undefined;
    if (name === undefined) throw broken("first word");
    const verb = name.toLowerCase() as Incoming["verb"];
    const isText = verb === "info" || verb === "-err";
    const limit = name.length + 1 + (isText ? MAX_TEXT_LINE : MAX_LINE);
    // The last byte may be the CR.
    if (end - at > limit + 1) throw broken(name);
    if (lineFeed < 0) {
      look = limit + 2;
      return undefined;
    }
    if (buffer[end - 1] !== 13) throw broken(name);
    let from = at + name.length;
    let to = end - 1;
    while (isBlank(buffer[from])) from++;
    while (to > from && isBlank(buffer[to - 1])) to--;
    const text = fromUtf8(buffer.subarray(Math.min(from, to), to));
    const after = end + 1;
    if (verb !== "msg" && verb !== "hmsg") {
      if (!isText && text !== "") throw broken(name);
      at = after;
      // The server puts quotes around what it says.
      return { verb, text: verb === "-err" ? text.replace(/^'(.*?)'?$/s, "$1") : text };
    }
    const fields = text.split(/[ \t]+/);
    const sizes = verb === "msg" ? 1 : 2;
    const total = decimal(fields.at(-1));
    const head = sizes === 2 ? decimal(fields.at(-2)) : 0;
    const replies = fields.length - 2 - sizes;
    if ((replies !== 0 && replies !== 1) || head < 0 || head > total || total > MAX_PAYLOAD) throw broken(name);
    const payload = after + head;
    const last = after + total;
    if (last + 2 > buffer.length) {
      needed = last + 2 - at;
      return undefined;
    }
    if (buffer[last] !== 13 || buffer[last + 1] !== 10) throw broken(name);
    at = last + 2;
    const sid = fields[1] as string;
    return {
      verb,
      sid: /^0\d/.test(sid) ? -1 : decimal(sid),
      subject: fields[0] as string,
      reply: replies === 1 ? fields[2] : undefined,
      block: head > 0 ? buffer.subarray(after, payload) : undefined,
      data: buffer.subarray(payload, last),
    };
  };

  return {
    push(chunk) {
      // Without the ways of Node's Buffer, whose slice() copies nothing.
      queue.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
      queued += chunk.length;
      ready ||= needed > 0 ? held() >= needed : held() >= look || chunk.includes(10);
    },
    next() {
      while (ready) {
        needed = 0;
        look = LONGEST_VERB + 1;
        const operation = at < buffer.length ? read() : undefined;
        if (operation !== undefined) return operation;
        if (queued === 0) ready = false;
        else {
          buffer = join([buffer.subarray(at), ...queue]);
          at = 0;
          queue = [];
          queued = 0;
        }
      }
      return undefined;
    },
  };
}

/** The chunks as one; a single one that is not empty is not copied. */
export function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const filled = chunks.filter((one) => one.length > 0);
  if (filled.length === 1) return filled[0] as Uint8Array<ArrayBuffer>;
  const whole = new Uint8Array(filled.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of filled) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}

/** A decimal integer below 2^53, or -1. */
function decimal(text = ""): number {
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : -1;
}

function broken(what: string): ProtocolError {
  return new ProtocolError(`${what}: malformed; is it a NATS server?`);
}
