// One control line, read the plain way: which verb, which fields, do they make sense. Tolerant of several blanks, trailing
// blanks and lower case, and the only place that refuses. The decoder's fast path answers the same for the usual MSG line.
// No buffering here and no payload. Source: NATS client protocol; conformance PROTO-1 … PROTO-4, PROTO-10 … PROTO-21.

import { Op } from "./op.js";
import { excerptOf, ProtocolError, type ProtocolErrorReason } from "./protocol-error.js";

/** Where the parts of an operation lie; what the decoder shows read-only. */
export interface CursorState {
  subjectStart: number;
  subjectEnd: number;
  replyStart: number;
  replyEnd: number;
  queueStart: number;
  queueEnd: number;
  headersStart: number;
  payloadStart: number;
  payloadEnd: number;
  sid: number;
  sidStart: number;
  sidEnd: number;
  max: number;
  argumentsStart: number;
  argumentsEnd: number;
}

export interface LineLimits {
  readonly from: "server" | "client";
  readonly maxControlLine: number;
  readonly maxPayload: number;
}

/** INFO, CONNECT and -ERR carry text of the peer's choosing; max_control_line does not bind INFO. */
const MAX_TEXT_LINE = 1_048_576;
const CR = 13;
const MAX_FIELDS = 5;

interface Verb {
  readonly op: Op;
  readonly name: string;
}

const SERVER_VERBS: readonly Verb[] = [
  { op: Op.Msg, name: "msg" },
  { op: Op.HMsg, name: "hmsg" },
  { op: Op.Ping, name: "ping" },
  { op: Op.Pong, name: "pong" },
  { op: Op.Ok, name: "+ok" },
  { op: Op.Err, name: "-err" },
  { op: Op.Info, name: "info" },
];
const CLIENT_VERBS: readonly Verb[] = [
  { op: Op.Pub, name: "pub" },
  { op: Op.HPub, name: "hpub" },
  { op: Op.Ping, name: "ping" },
  { op: Op.Pong, name: "pong" },
  { op: Op.Sub, name: "sub" },
  { op: Op.Unsub, name: "unsub" },
  { op: Op.Connect, name: "connect" },
];

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}

function verbsOf(limits: LineLimits): readonly Verb[] {
  return limits.from === "server" ? SERVER_VERBS : CLIENT_VERBS;
}

/** The verb at `start` if the bytes up to `end` begin with it, whatever follows. */
function verbAt(bytes: Uint8Array, start: number, end: number, verbs: readonly Verb[]): Verb | undefined {
  for (const verb of verbs) {
    const length = verb.name.length;
    if (end - start < length || !startsWith(bytes, start, verb.name, length)) continue;
    const next = start + length < end ? bytes[start + length] : CR;
    if (isBlank(next) || next === CR || next === 10) return verb;
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, start: number, name: string, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i] ?? 0;
    const folded = byte >= 65 && byte <= 90 ? byte + 32 : byte;
    if (folded !== name.charCodeAt(i)) return false;
  }
  return true;
}

function maxLineOf(op: Op, limits: LineLimits): number {
  return op === Op.Info || op === Op.Connect || op === Op.Err ? MAX_TEXT_LINE : limits.maxControlLine;
}

/**
 * Refuses the beginning of a line whose end has not arrived, once it cannot become a valid line any more: at its first
 * wrong byte, or when it outgrows the limit. Gives the same reason as {@link readControlLine} would for the whole line.
 */
export function checkUnfinishedLine(bytes: Uint8Array, start: number, end: number, limits: LineLimits): void {
  const verbs = verbsOf(limits);
  const verb = verbAt(bytes, start, end, verbs);
  if (verb === undefined) {
    if (!verbs.some(({ name }) => end - start < name.length && startsWith(bytes, start, name, end - start))) {
      throw unknownOperation(bytes, start, end, limits);
    }
    return;
  }
  // One byte more than the limit may still be the CR.
  if (end - start - verb.name.length - 1 > maxLineOf(verb.op, limits) + 1) throw tooLong(verb, limits);
}

/**
 * Reads the line [start, lineFeed] into `cursor`. For operations with a payload the payload is taken to follow at
 * once; whether it has arrived is the caller's business. Throws {@link ProtocolError} for anything but a valid line.
 *
 * @param fields room for the field positions, so that nothing is allocated for each line
 */
export function readControlLine(
  bytes: Uint8Array,
  start: number,
  lineFeed: number,
  cursor: CursorState,
  fields: Int32Array,
  limits: LineLimits,
): Op {
  const verb = verbAt(bytes, start, lineFeed + 1, verbsOf(limits));
  if (verb === undefined) throw unknownOperation(bytes, start, lineFeed, limits);
  const crlf = lineFeed > start && bytes[lineFeed - 1] === CR;
  let end = crlf ? lineFeed - 1 : lineFeed;
  if (end - start - verb.name.length - 1 > maxLineOf(verb.op, limits)) throw tooLong(verb, limits);
  // Clients of every age talk to a fake or a proxy, and the real server lets them end a control line with a bare LF.
  if (!crlf && limits.from === "server")
    throw lineError("missing-crlf", verb, "a line ends in a bare LF", bytes, start, end);

  let from = start + verb.name.length;
  while (from < end && isBlank(bytes[from])) from++;
  while (end > from && isBlank(bytes[end - 1])) end--;
  cursor.argumentsStart = from;
  cursor.argumentsEnd = end;
  if (verb.op === Op.Info || verb.op === Op.Connect || verb.op === Op.Err) return verb.op;

  const count = splitFields(bytes, from, end, fields);
  const problem = assign(verb.op, bytes, lineFeed + 1, cursor, fields, count, limits);
  if (problem !== undefined) throw lineError(problem, verb, EXPLANATIONS[problem], bytes, start, end);
  return verb.op;
}

const EXPLANATIONS: { readonly [reason in ProtocolErrorReason]: string } = {
  "unknown-operation": "no such operation",
  "control-line-too-long": "the control line is too long",
  "missing-crlf": "CRLF is missing",
  "wrong-field-count": "wrong number of fields",
  "invalid-number": "a field that must be a number is not",
  "invalid-header-size": "the headers are larger than the whole message",
  "payload-too-large": "the declared size is larger than this decoder accepts",
  "invalid-json": "malformed JSON",
};

/** Positions of the fields into `fields` as start, end pairs. Returns their number, at most one more than any verb has. */
function splitFields(bytes: Uint8Array, from: number, end: number, fields: Int32Array): number {
  let count = 0;
  let i = from;
  while (i < end && count <= MAX_FIELDS) {
    const start = i;
    while (i < end && !isBlank(bytes[i])) i++;
    fields[count * 2] = start;
    fields[count * 2 + 1] = i;
    count++;
    while (i < end && isBlank(bytes[i])) i++;
  }
  return count;
}

function assign(
  op: Op,
  bytes: Uint8Array,
  afterLine: number,
  cursor: CursorState,
  fields: Int32Array,
  count: number,
  limits: LineLimits,
): ProtocolErrorReason | undefined {
  switch (op) {
    case Op.Msg:
      return assignMessage(bytes, afterLine, cursor, fields, count, limits, 1, 1);
    case Op.HMsg:
      return assignMessage(bytes, afterLine, cursor, fields, count, limits, 1, 2);
    case Op.Pub:
      return assignMessage(bytes, afterLine, cursor, fields, count, limits, 0, 1);
    case Op.HPub:
      return assignMessage(bytes, afterLine, cursor, fields, count, limits, 0, 2);
    case Op.Sub:
      return assignSub(bytes, cursor, fields, count);
    case Op.Unsub:
      return assignUnsub(bytes, cursor, fields, count);
    default:
      return count === 0 ? undefined : "wrong-field-count";
  }
}

// MSG <subject> <sid> [reply] <#total>, HMSG <subject> <sid> [reply] <#headers> <#total>, PUB and HPUB without the sid.
function assignMessage(
  bytes: Uint8Array,
  afterLine: number,
  cursor: CursorState,
  fields: Int32Array,
  count: number,
  limits: LineLimits,
  sids: 0 | 1,
  sizes: 1 | 2,
): ProtocolErrorReason | undefined {
  const least = 1 + sids + sizes;
  if (count !== least && count !== least + 1) return "wrong-field-count";
  cursor.subjectStart = fields[0] ?? 0;
  cursor.subjectEnd = fields[1] ?? 0;
  if (sids === 1) assignSid(bytes, cursor, fields, 1);
  const reply = 1 + sids;
  cursor.replyStart = count > least ? (fields[reply * 2] ?? 0) : 0;
  cursor.replyEnd = count > least ? (fields[reply * 2 + 1] ?? 0) : 0;
  const total = decimal(bytes, fields, count - 1);
  const headers = sizes === 2 ? decimal(bytes, fields, count - 2) : 0;
  if (total < 0 || headers < 0) return "invalid-number";
  if (headers > total) return "invalid-header-size";
  if (total > limits.maxPayload) return "payload-too-large";
  cursor.headersStart = afterLine;
  cursor.payloadStart = afterLine + headers;
  cursor.payloadEnd = afterLine + total;
  return undefined;
}

// SUB <subject> [queue] <sid>
function assignSub(
  bytes: Uint8Array,
  cursor: CursorState,
  fields: Int32Array,
  count: number,
): ProtocolErrorReason | undefined {
  if (count !== 2 && count !== 3) return "wrong-field-count";
  cursor.subjectStart = fields[0] ?? 0;
  cursor.subjectEnd = fields[1] ?? 0;
  cursor.queueStart = count === 3 ? (fields[2] ?? 0) : 0;
  cursor.queueEnd = count === 3 ? (fields[3] ?? 0) : 0;
  assignSid(bytes, cursor, fields, count - 1);
  return undefined;
}

// UNSUB <sid> [max]
function assignUnsub(
  bytes: Uint8Array,
  cursor: CursorState,
  fields: Int32Array,
  count: number,
): ProtocolErrorReason | undefined {
  if (count !== 1 && count !== 2) return "wrong-field-count";
  assignSid(bytes, cursor, fields, 0);
  const max = count === 2 ? decimal(bytes, fields, 1) : 0;
  if (max < 0) return "invalid-number";
  cursor.max = max;
  return undefined;
}

function assignSid(bytes: Uint8Array, cursor: CursorState, fields: Int32Array, index: number): void {
  const start = fields[index * 2] ?? 0;
  cursor.sidStart = start;
  cursor.sidEnd = fields[index * 2 + 1] ?? 0;
  // "07" is another sid than "7": only what a number prints as is a number.
  const padded = bytes[start] === 48 && cursor.sidEnd - start > 1;
  cursor.sid = padded ? -1 : decimal(bytes, fields, index);
}

/** The field as a decimal integer below 2^53, or -1. */
function decimal(bytes: Uint8Array, fields: Int32Array, index: number): number {
  const start = fields[index * 2] ?? 0;
  const end = fields[index * 2 + 1] ?? 0;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return end > start && value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

function tooLong(verb: Verb, limits: LineLimits): ProtocolError {
  const name = verb.name.toUpperCase();
  return new ProtocolError(
    "control-line-too-long",
    `${name} line is longer than ${maxLineOf(verb.op, limits)} bytes`,
    name,
  );
}

function lineError(
  reason: ProtocolErrorReason,
  verb: Verb,
  what: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): ProtocolError {
  // Never a CONNECT, which holds secrets: from a client a bare LF passes, and CONNECT has no fields to be wrong.
  return new ProtocolError(reason, `${verb.name.toUpperCase()}: ${what}`, excerptOf(bytes, start, end));
}

// What follows here may be payload after a wrong size, or a misspelt CONNECT: the first three bytes are enough to tell an
// HTTP or TLS peer ("HTT", "...") and too few to tell a secret.
function unknownOperation(bytes: Uint8Array, start: number, end: number, limits: LineLimits): ProtocolError {
  return new ProtocolError(
    "unknown-operation",
    `the ${limits.from} sent something that is not a NATS operation`,
    excerptOf(bytes, start, Math.min(end, start + 3)),
  );
}
