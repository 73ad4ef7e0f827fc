// The bytes both ends of a run agree on: subjects, payloads and frames, made without any contestant's codec.
// Source: NATS client protocol (MSG, HMSG, PUB).

import type { Shape } from "./job.js";

/** The subject of every benchmark message; 17 characters. */
export const SUBJECT = "orders.eu.created";

/** The header that is read, and its value. */
export const HEADER = { name: "Trace", value: "4bf92f3577b34da6" } as const;

export const PLAIN: Shape = { kind: "plain", count: 1 };
const SHAPES = ["plain", "subjects", "headers", "sids"] as const;

/** One of `count` subjects, all of one length. */
export function subjectOf(index: number): string {
  return `orders.eu.${String(index).padStart(7, "0")}`;
}

/** What a blast subject asks for. */
export interface Blast {
  readonly size: number;
  readonly messages: number;
  readonly shape: Shape;
}

/** The subject that makes a source send `messages` messages of `size` bytes to its subscriber. */
export function blastSubject(size: number, messages: number, shape: Shape = PLAIN): string {
  const plain = `blast.${size}.${messages}`;
  if (shape.kind === "plain") return plain;
  return `${plain}.${shape.kind}.${shape.count}${shape.first === undefined ? "" : `.${shape.first}`}`;
}

/** What a blast subject asks for; `undefined` for any other subject. */
export function parseBlast(subject: string): Blast | undefined {
  const [verb, size, messages, kind = "plain", count = "1", first, ...rest] = subject.split(".");
  const known = SHAPES.find((shape) => shape === kind);
  if (verb !== "blast" || size === undefined || messages === undefined) return undefined;
  if (known === undefined || rest.length > 0) return undefined;
  const shape = { kind: known, count: Number(count), ...(first === undefined ? {} : { first: Number(first) }) };
  return { size: Number(size), messages: Number(messages), shape };
}

/** `size` bytes that can be mistaken for no operation. */
export function payloadOf(size: number): Uint8Array {
  return new Uint8Array(size).fill(120);
}

/** One MSG without a reply subject. */
export function msgFrame(sid: string, size: number, subject: string = SUBJECT): Buffer {
  return framed(`MSG ${subject} ${sid} ${size}\r\n`, payloadOf(size));
}

/** One HMSG with three headers. */
export function hmsgFrame(sid: string, size: number, subject: string): Buffer {
  const block = `NATS/1.0\r\nContent-Type: text/plain\r\n${HEADER.name}: ${HEADER.value}\r\nPriority: 3\r\n\r\n`;
  const head = `HMSG ${subject} ${sid} ${block.length} ${block.length + size}\r\n${block}`;
  return framed(head, payloadOf(size));
}

/** One PUB without a reply subject. */
export function pubFrame(size: number, subject: string = SUBJECT): Buffer {
  return framed(`PUB ${subject} ${size}\r\n`, payloadOf(size));
}

/** One frame of each kind that `shape` has; `sid` is that of the blast's own subscription. */
export function framesOf(sid: string, size: number, { kind, count, first = 1 }: Shape): Buffer[] {
  if (kind === "plain") return [msgFrame(sid, size)];
  return Array.from({ length: count }, (_, index) => {
    if (kind === "headers") return hmsgFrame(sid, size, subjectOf(index));
    if (kind === "subjects") return msgFrame(sid, size, subjectOf(index));
    return msgFrame(String(first + index), size, subjectOf(index));
  });
}

/** `count` times `frame` in one buffer. */
export function repeated(frame: Buffer, count: number): Buffer {
  return Buffer.alloc(frame.length * count, frame);
}

/** A stream of `messages` MSGs cut every `chunkSize` bytes as a socket would, through the middle of messages. */
export function msgChunks(size: number, messages: number, chunkSize: number): Uint8Array[] {
  const stream = repeated(msgFrame("7", size), messages);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += chunkSize) {
    chunks.push(new Uint8Array(stream.subarray(at, at + chunkSize)));
  }
  return chunks;
}

function framed(head: string, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(head), payload, Buffer.from("\r\n")]);
}
