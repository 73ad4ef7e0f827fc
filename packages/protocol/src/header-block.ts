// Headers as they lie on the wire: "NATS/1.0" with an optional status, one "name: value" line for each value, an empty line.
// Source: ADR-4; conformance PROTO-28 … PROTO-33.

import { HeaderError, MsgHdrs } from "./headers.js";
import { ReceivedFields } from "./received-fields.js";
import { readUtf8, utf8Length, writeUtf8 } from "./utf8.js";

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const PLAIN = "NATS/1.0\r\n";
const STATUS = /^NATS\/1\.0(?:[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?)?[ \t]*$/;

/** The bytes of the block, newly allocated. */
export function encodeHeaders(headers: MsgHdrs): Uint8Array {
  const text = headers.toString();
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(bytes, 0, text);
  return bytes;
}

/**
 * Reads a block, by default the whole of `bytes`. Throws {@link HeaderError} with problem `"malformed"` for another
 * version line, a status that is not three digits, a line without a colon, or a name or value ADR-4 does not allow. A
 * bare LF ends a line as well, and the empty line at the end may be missing.
 */
export function decodeHeaders(bytes: Uint8Array, start = 0, end: number = bytes.length): MsgHdrs {
  return readHeaders(bytes.slice(start, end), 0, end - start);
}

/**
 * Like {@link decodeHeaders}, of bytes that never change: text is made of them only when it is asked for. Plainly: make text of the
 * block, split it at the line ends, and append each line to empty headers, which checks it with regular expressions. See README,
 * "How fast".
 */
export function readHeaders(bytes: Uint8Array, start: number, end: number): MsgHdrs {
  if (isPlain(bytes, start, end)) return MsgHdrs.received(0, "", fieldsOf(bytes, start + PLAIN.length, end));
  const lineFeed = bytes.subarray(start, end).indexOf(LF);
  const after = lineFeed < 0 ? end : start + lineFeed + 1;
  const status = STATUS.exec(readUtf8(bytes, start, after).replace(/\r?\n$/, ""));
  if (status === null) throw malformed("its first line is not NATS/1.0 with an optional status");
  const fields = fieldsOf(bytes, after, end);
  return rethrowingAsMalformed(() => MsgHdrs.received(Number(status[1] ?? 0), (status[2] ?? "").trimEnd(), fields));
}

function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < PLAIN.length) return false;
  for (let i = 0; i < PLAIN.length; i++) if (bytes[start + i] !== PLAIN.charCodeAt(i)) return false;
  return true;
}

/** Where names and values are, in the lines from `from` to the first empty one. One pass, each line in one go. */
function fieldsOf(bytes: Uint8Array, from: number, end: number): ReceivedFields {
  const places: number[] = [];
  for (let i = from; i < end; ) {
    const name = i;
    let byte = bytes[i] ?? 0;
    while (byte !== COLON && byte > SPACE && byte <= 126) byte = ++i < end ? (bytes[i] ?? 0) : LF;
    if (byte !== COLON) {
      if (i === name && (byte === LF || (byte === CR && i + 1 < end && bytes[i + 1] === LF))) break;
      throw malformed("a line is not a name, a colon and a value");
    }
    if (i === name) throw malformed("a name is not one or more printable ASCII characters");
    let value = i + 1;
    while (value < end && isBlank(bytes[value] ?? 0)) value++;
    let to = value;
    while (to < end && bytes[to] !== LF && bytes[to] !== CR) to++;
    const nameEnd = i;
    i = lineEnd(bytes, to, end);
    while (to > value && isBlank(bytes[to - 1] ?? 0)) to--;
    places.push(name, nameEnd, value, to);
  }
  return new ReceivedFields(bytes, places);
}

/** The beginning of the next line; `at` is where the present one ends, with LF, CRLF or the block. */
function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] === LF) return at + 1;
  if (at + 1 < end && bytes[at + 1] === LF) return at + 2;
  throw malformed("a value contains CR");
}

/**
 * The status code of a block without reading the rest of it, 0 when there is none; never throws. Agrees with
 * {@link decodeHeaders} on every block that one accepts.
 */
export function inlineStatus(bytes: Uint8Array, start: number, end: number): number {
  let i = start + "NATS/1.0".length;
  if (end - i < 4 || !isBlank(bytes[i] ?? 0)) return 0;
  while (i < end && isBlank(bytes[i] ?? 0)) i++;
  if (end - i < 3) return 0;
  const hundreds = (bytes[i] ?? 0) - 48;
  const tens = (bytes[i + 1] ?? 0) - 48;
  const units = (bytes[i + 2] ?? 0) - 48;
  if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || units < 0 || units > 9) return 0;
  const after = i + 3 < end ? (bytes[i + 3] ?? 0) : LF;
  return isBlank(after) || after === CR || after === LF ? hundreds * 100 + tens * 10 + units : 0;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function malformed(why: string): HeaderError {
  return new HeaderError("malformed", `received headers cannot be read: ${why}`);
}

function rethrowingAsMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof HeaderError ? malformed(error.message) : error;
  }
}
