// Lines as servers really write them, read the quick way: one blank between fields, decimal numbers, CRLF. Nothing is refused
// here: what is not usual, be it wrong or only rare, is left to control-line.ts, which gives the same answer for these lines too
// (property test). The MSG line itself is read in decoder.ts, in place.

import type { CursorState, LineLimits } from "./control-line.js";

const CR = 13;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
/** Digits of a number that always fits a small integer; longer ones take the plain path. */
export const FAST_DIGITS = 9;

/**
 * Reads a whole HMSG at `start` into `cursor`. Returns the position after it, 0 when it is not the usual one or not all there; the
 * cursor is unchanged then. Plainly, splitting the line into fields: see README, "How fast".
 */
export function readUsualHMsg(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  cursor: CursorState,
  limits: LineLimits,
): number {
  if (end - start < 15 || !isHMsg(bytes, start)) return 0;
  const subjectStart = start + 5;
  const subjectEnd = endOfWord(bytes, view, subjectStart, end);
  const sidEnd = endOfWord(bytes, view, subjectEnd + 1, end);
  // Two or three words follow: the middle one is the reply subject if there is one.
  const firstEnd = endOfWord(bytes, view, sidEnd + 1, end);
  const secondEnd = endOfWord(bytes, view, firstEnd + 1, end);
  const hasReply = bytes[secondEnd] === SPACE;
  const headersEnd = hasReply ? secondEnd : firstEnd;
  const line = hasReply ? endOfWord(bytes, view, secondEnd + 1, end) : secondEnd;
  if (line + 1 >= end || bytes[line] !== CR || bytes[line + 1] !== LF) return 0;
  if (bytes[subjectEnd] !== SPACE || bytes[sidEnd] !== SPACE || bytes[firstEnd] !== SPACE) return 0;
  const sid = numberAt(bytes, subjectEnd + 1, sidEnd);
  const headers = numberAt(bytes, (hasReply ? firstEnd : sidEnd) + 1, headersEnd);
  const total = numberAt(bytes, headersEnd + 1, line);
  if (sid < 1 || bytes[subjectEnd + 1] === ZERO || headers < 0 || total < headers) return 0;
  if (subjectEnd === subjectStart || firstEnd === sidEnd + 1 || total > limits.maxPayload) return 0;
  const body = line + 2;
  const after = body + total + 2;
  if (after > end || bytes[after - 2] !== CR || bytes[after - 1] !== LF) return 0;
  if (line - subjectStart > limits.maxControlLine) return 0;
  const replyStart = hasReply ? sidEnd + 1 : 0;
  const replyEnd = hasReply ? firstEnd : 0;
  placeMessage(cursor, subjectStart, subjectEnd, replyStart, replyEnd, body, body + headers, body + total, sid);
  return after;
}

function isHMsg(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 72 && bytes[at + 1] === 77 && bytes[at + 2] === 83 && bytes[at + 3] === 71 && bytes[at + 4] === SPACE
  );
}

/** The decimal number of the bytes [start, end), -1 when it is none, or too long to be usual. */
function numberAt(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > FAST_DIGITS) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * The first byte at or after `i` that is a blank or a control character, or `end`. Plainly a loop over the bytes; four at once,
 * as one number: where a byte of it is below 33, taking 33 from each leaves its highest bit set and was not set before.
 */
export function endOfWord(bytes: Uint8Array, view: DataView, i: number, end: number): number {
  let at = i;
  for (; at + 4 <= end; at += 4) {
    const four = view.getInt32(at, true);
    if ((((four - 0x21212121) | 0) & ~four & 0x80808080) !== 0) break;
  }
  while (at < end && (bytes[at] ?? 0) > SPACE) at++;
  return at;
}

/**
 * True when `length` bytes, eight at least, at `a` and `b` are the same; from their end, where lines of a kind rather differ. Eight at
 * once are a number of floating point: what is no number counts as different, and two zeros hold no text.
 */
export function sameBytes(view: DataView, a: number, b: number, length: number): boolean {
  for (let at = length - 8; at > 0; at -= 8) {
    if (view.getFloat64(a + at, true) !== view.getFloat64(b + at, true)) return false;
  }
  return view.getFloat64(a, true) === view.getFloat64(b, true);
}

/** Shows a message under the cursor. */
export function placeMessage(
  cursor: CursorState,
  subjectStart: number,
  subjectEnd: number,
  replyStart: number,
  replyEnd: number,
  headersStart: number,
  payloadStart: number,
  payloadEnd: number,
  sid: number,
): void {
  cursor.subjectStart = subjectStart;
  cursor.subjectEnd = subjectEnd;
  cursor.replyStart = replyStart;
  cursor.replyEnd = replyEnd;
  cursor.headersStart = headersStart;
  cursor.payloadStart = payloadStart;
  cursor.payloadEnd = payloadEnd;
  cursor.sid = sid;
}
