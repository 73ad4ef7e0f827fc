// Fields of an operation written straight into a block; those of a control line are checked while they are written: one loop over the
// characters.
// Source of the rules: subject.ts, which says the same in plain form (property test); conformance PROTO-6 … PROTO-9.

import { InvalidArgumentError } from "@myelin/contracts";
import type { MsgHdrs } from "./headers.js";
import { InvalidSubjectError, publishSubjectProblem, queueProblem, subscribeSubjectProblem } from "./subject.js";
import { writeUtf8 } from "./utf8.js";

const DOT = 46;

/** Writes a subject without wildcards; returns the position after it. Room for three bytes a character is taken for granted. */
export function writePublishSubject(block: Uint8Array, at: number, subject: string, what: string): number {
  const end = writePlainSubject(block, at, subject);
  if (end >= 0) return end;
  const problem = publishSubjectProblem(subject);
  if (problem !== undefined) throw new InvalidSubjectError(String(subject), problem, what);
  return writeUtf8(block, at, subject);
}

/** Writes a subject that may have wildcard tokens. */
export function writeSubscribeSubject(block: Uint8Array, at: number, subject: string, what: string): number {
  const end = writePlainSubject(block, at, subject);
  if (end >= 0) return end;
  const problem = subscribeSubjectProblem(subject);
  if (problem !== undefined) throw new InvalidSubjectError(String(subject), problem, what);
  return writeUtf8(block, at, subject);
}

/** Writes a queue group. */
export function writeQueue(block: Uint8Array, at: number, queue: string): number {
  const problem = queueProblem(queue);
  if (problem !== undefined) throw new InvalidSubjectError(String(queue), problem, "queue");
  return writeUtf8(block, at, queue);
}

/**
 * The block of headers as text. The text is judged and not the class: headers of another copy of this package, or of nats.js, are
 * as good. That of any other object would reach every subscriber as headers that cannot be read.
 */
export function headerText(headers: MsgHdrs): string {
  const isObject = typeof headers === "object" && headers !== null && typeof headers.toString === "function";
  const text: unknown = isObject ? headers.toString() : undefined;
  // Those of nats.js that hold nothing.
  if (text === "") return "NATS/1.0\r\n\r\n";
  if (typeof text === "string" && text.startsWith("NATS/1.0") && text.endsWith("\r\n\r\n")) return text;
  throw new InvalidArgumentError(
    "headers",
    "are not made with headers(); for a plain object there is MsgHdrs.fromRecord()",
  );
}

/**
 * The usual subject: printable ASCII without `*` and `>`, no empty token. Returns the position after it, or -1 for
 * anything else, be it wrong or only unusual; what was written then does not count.
 */
function writePlainSubject(block: Uint8Array, at: number, subject: string): number {
  const length = subject.length;
  let previous = DOT;
  for (let i = 0; i < length; i++) {
    const unit = subject.charCodeAt(i);
    // 33 "!" to 126 "~", but neither 42 "*" nor 62 ">".
    if (unit <= 32 || unit >= 127 || unit === 42 || unit === 62) return -1;
    if (unit === DOT && previous === DOT) return -1;
    block[at + i] = unit;
    previous = unit;
  }
  return previous === DOT ? -1 : at + length;
}

// "00" to "99", the two bytes of each as one number.
const PAIRS: Uint16Array = Uint16Array.from(
  { length: 100 },
  (_, i) => ((48 + Math.floor(i / 10)) << 8) | (48 + (i % 10)),
);

/** Writes a non-negative integer in decimal; returns the position after it. */
export function writeDecimal(view: DataView, at: number, value: number): number {
  if (value < 100) return writeFirstDigits(view, at, value);
  if (value < 10_000) {
    const hundreds = (value / 100) | 0;
    return writePair(view, writeFirstDigits(view, at, hundreds), value - hundreds * 100);
  }
  if (value < 1_000_000) {
    const tenThousands = (value / 10_000) | 0;
    const rest = value - tenThousands * 10_000;
    const hundreds = (rest / 100) | 0;
    const end = writePair(view, writeFirstDigits(view, at, tenThousands), hundreds);
    return writePair(view, end, rest - hundreds * 100);
  }
  const digits = String(value);
  for (let i = 0; i < digits.length; i++) view.setUint8(at + i, digits.charCodeAt(i));
  return at + digits.length;
}

function writeFirstDigits(view: DataView, at: number, below100: number): number {
  if (below100 >= 10) return writePair(view, at, below100);
  view.setUint8(at, 48 + below100);
  return at + 1;
}

function writePair(view: DataView, at: number, below100: number): number {
  view.setUint16(at, PAIRS[below100] as number);
  return at + 2;
}

/** Writes text that is known to be ASCII; returns the position after it. */
export function writeAscii(block: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) block[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Like writeAscii for any text; -1 when it holds something else. */
export function writeAsciiText(block: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return -1;
    block[at + i] = unit;
  }
  return at + text.length;
}

/** Writes the end of a line. */
export function writeCrlf(block: Uint8Array, at: number): number {
  block[at] = 13;
  block[at + 1] = 10;
  return at + 2;
}

/** Writes a payload, or a block of headers. */
export function writeBytes(block: Uint8Array, at: number, bytes: Uint8Array | string): number {
  if (typeof bytes === "string") return writeUtf8(block, at, bytes);
  block.set(bytes, at);
  return at + bytes.length;
}
