// Headers as they lie on the wire: "NATS/1.0" with an optional status, one "name: value" line for each value, an empty line.
// Source: ADR-4; conformance PROTO-28 … PROTO-33.

import { HeaderError, MsgHdrs } from "./headers.js";
import { readUtf8, utf8Length, writeUtf8 } from "./utf8.js";

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;

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
  const lines = readUtf8(bytes, start, end).split(/\r?\n/);
  const first = lines[0] ?? "";
  const status = /^NATS\/1\.0(?:[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?)?[ \t]*$/.exec(first);
  if (status === null) throw malformed("its first line is not NATS/1.0 with an optional status");
  const headers = rethrowingAsMalformed(() => new MsgHdrs(Number(status[1] ?? 0), (status[2] ?? "").trimEnd()));
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line === "") break;
    const colon = line.indexOf(":");
    if (colon < 0) throw malformed(`line ${i + 1} has no colon`);
    rethrowingAsMalformed(() => headers.append(line.slice(0, colon), line.slice(colon + 1)));
  }
  return headers;
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
