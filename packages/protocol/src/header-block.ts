// Headers as they lie on the wire: "NATS/1.0" with an optional status, one "name: value" line for each value, an empty line.
// Source: ADR-4; conformance PROTO-28 … PROTO-33.

import { HeaderError, MsgHdrs } from "./headers.js";
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
  // Plainly: split at the line ends, and append each line to empty headers, which checks it with regular expressions and files
  // it. One pass over the text, filed only when more than one value is asked for: see README, "How fast".
  const text = readUtf8(bytes, start, end);
  if (text.startsWith(PLAIN)) return MsgHdrs.received(0, "", fieldsOf(text, PLAIN.length));
  const firstEnd = lineEnd(text, 0);
  const status = STATUS.exec(text.slice(0, firstEnd));
  if (status === null) throw malformed("its first line is not NATS/1.0 with an optional status");
  const fields = fieldsOf(text, afterLine(text, firstEnd));
  return rethrowingAsMalformed(() => MsgHdrs.received(Number(status[1] ?? 0), (status[2] ?? "").trimEnd(), fields));
}

/** Names and values in turn, of the lines from `at` to the first empty one. */
function fieldsOf(text: string, at: number): string[] {
  const fields: string[] = [];
  for (let start = at; start < text.length; ) {
    const end = lineEnd(text, start);
    if (end === start) break;
    const colon = nameEnd(text, start, end);
    if (colon === start) throw malformed("a name is not one or more printable ASCII characters");
    if (colon < 0) throw malformed("a line is not a name, a colon and a value");
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    const value = text.slice(from, to);
    if (value.includes("\r")) throw malformed("a value contains CR");
    fields.push(text.slice(start, colon), value);
    start = afterLine(text, end);
  }
  return fields;
}

/** Where the line at `start` ends, before its CRLF, its LF, or with the text. */
function lineEnd(text: string, start: number): number {
  const lineFeed = text.indexOf("\n", start);
  if (lineFeed < 0) return text.length;
  return lineFeed > start && text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed;
}

function afterLine(text: string, end: number): number {
  return end + (text.charCodeAt(end) === CR ? 2 : 1);
}

/** Where the colon behind a name is, -1 when another character comes first or none comes. */
function nameEnd(text: string, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit === COLON) return i;
    if (unit <= SPACE || unit > 126) return -1;
  }
  return -1;
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
