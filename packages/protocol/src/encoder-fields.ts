// Fields of a control line written straight into a block, checked while they are written: one loop over the characters.
// Source of the rules: subject.ts, which says the same in plain form (property test); conformance PROTO-6 … PROTO-9.

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

/** Writes a non-negative integer in decimal. */
export function writeDecimal(block: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    block[at] = 48 + value;
    return at + 1;
  }
  if (value > 0x7fffffff) return writeAsciiDigits(block, at, String(value));
  // Integers all the way: `Math.floor(value / 10)` is a division of floating point, and they took a tenth of a whole PUB.
  let rest = value | 0;
  let end = at + 2;
  for (let least = 100; least <= rest; least *= 10) end++;
  for (let i = end - 1; i >= at; i--) {
    const quotient = (rest / 10) | 0;
    block[i] = 48 + (rest - quotient * 10);
    rest = quotient;
  }
  return end;
}

function writeAsciiDigits(block: Uint8Array, at: number, digits: string): number {
  for (let i = 0; i < digits.length; i++) block[at + i] = digits.charCodeAt(i);
  return at + digits.length;
}
