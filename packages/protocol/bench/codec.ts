// CPU nanoseconds per message of the codec alone. Run from the repository root:
//   node --conditions=@myelin/source --import tsx packages/protocol/bench/codec.ts [rounds]
// Every case runs once in each round, in turn, so that a noisy neighbour hits all of them; the median of the rounds is
// printed with the quickest. CPU time is that of the whole process, so the collector's threads are paid for.

import { DecodedMessage, Decoder, Encoder, headers, Op } from "../src/index.js";

const CHUNK = 65_536;
const MESSAGES = 200_000;
const ROUNDS = Number(process.argv[2] ?? 15);

/** A stream of MSG lines cut into chunks as a socket would, through the middle of messages. */
function chunksOf(subject: string, size: number, reply?: string): Uint8Array[] {
  const encoder = new Encoder();
  const payload = new Uint8Array(size).fill(120);
  for (let i = 0; i < MESSAGES; i++) encoder.msg(subject, 1 + (i % 50), reply, payload);
  const pieces: Uint8Array[] = [];
  for (let piece = encoder.take(); piece !== undefined; piece = encoder.take()) pieces.push(piece);
  const all = Buffer.concat(pieces);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += CHUNK) chunks.push(Buffer.from(all.subarray(at, at + CHUNK)));
  return chunks;
}

function decode(chunks: readonly Uint8Array[], use: (decoder: Decoder) => number): number {
  const decoder = new Decoder({ from: "server" });
  let count = 0;
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let op = decoder.next(); op !== Op.None; op = decoder.next()) count += use(decoder);
  }
  return count;
}

const onlyDecode = (decoder: Decoder): number => (decoder.sid > 0 ? 1 : 0);
// Kept for a while, as a client's queue does: else the compiler sees that nobody looks and never makes the object.
const kept: (DecodedMessage | undefined)[] = Array.from({ length: 1024 });
let keep = 0;
const withMessage = (decoder: Decoder): number => {
  keep = (keep + 1) & 1023;
  kept[keep] = new DecodedMessage(decoder);
  return 1;
};
const withSubject = (decoder: Decoder): number => (new DecodedMessage(decoder).subject.length > 0 ? 1 : 0);
const withData = (decoder: Decoder): number => (new DecodedMessage(decoder).data.length >= 0 ? 1 : 0);
const withString = (decoder: Decoder): number => (new DecodedMessage(decoder).string().length >= 0 ? 1 : 0);

function encode(write: (encoder: Encoder, i: number) => void): number {
  const encoder = new Encoder();
  for (let i = 0; i < MESSAGES; i++) {
    write(encoder, i);
    // A turn of the event loop gathers what it can.
    if (encoder.pendingBytes >= CHUNK) while (encoder.take() !== undefined);
  }
  while (encoder.take() !== undefined);
  return MESSAGES;
}

const subject = "orders.eu.created";
const msg16 = chunksOf(subject, 16);
const msg128 = chunksOf(subject, 128);
const msg16Reply = chunksOf(subject, 16, "_INBOX.abcdefghij.0123456789");
const bytes16 = new Uint8Array(16).fill(120);
const bytes128 = new Uint8Array(128).fill(120);
const bytes4096 = new Uint8Array(4096).fill(120);
const text16 = "x".repeat(16);
const text128 = "x".repeat(128);
const unicode128 = "é".repeat(64);
const subjects = Array.from({ length: 1000 }, (_, i) => `orders.${i}.created`);
const someHeaders = headers();
someHeaders.set("Nats-Msg-Id", "0123456789");

const cases: { readonly [name: string]: () => number } = {
  "decode MSG 16 B, cursor only": () => decode(msg16, onlyDecode),
  "decode MSG 16 B, DecodedMessage": () => decode(msg16, withMessage),
  "decode MSG 128 B, DecodedMessage": () => decode(msg128, withMessage),
  "decode MSG 16 B + reply, DecodedMessage": () => decode(msg16Reply, withMessage),
  "decode MSG 16 B, subject read": () => decode(msg16, withSubject),
  "decode MSG 16 B, data read": () => decode(msg16, withData),
  "decode MSG 16 B, string() read": () => decode(msg16, withString),
  "decode MSG 128 B, string() read": () => decode(msg128, withString),
  "encode PUB 16 B": () => encode((e) => e.pub(subject, undefined, bytes16)),
  "encode PUB 128 B": () => encode((e) => e.pub(subject, undefined, bytes128)),
  "encode PUB 4 KiB": () => encode((e) => e.pub(subject, undefined, bytes4096)),
  "encode PUB 16 B, 1000 subjects": () => encode((e, i) => e.pub(subjects[i % 1000] ?? "", undefined, bytes16)),
  "encode PUB 16 B + reply": () => encode((e) => e.pub(subject, "_INBOX.abcdefghij.0123456789", bytes16)),
  "encode PUB text 16": () => encode((e) => e.pub(subject, undefined, text16)),
  "encode PUB text 128": () => encode((e) => e.pub(subject, undefined, text128)),
  "encode PUB text 64 x é": () => encode((e) => e.pub(subject, undefined, unicode128)),
  "encode HPUB 16 B, one header": () => encode((e) => e.hpub(subject, undefined, someHeaders, bytes16)),
  "encode MSG 16 B": () => encode((e) => e.msg(subject, 1, undefined, bytes16)),
};

const only = process.argv[3];
const names = Object.keys(cases).filter((name) => only === undefined || name.includes(only));
const results = new Map<string, number[]>(names.map((name) => [name, []]));
for (let round = 0; round < ROUNDS + 3; round++) {
  for (const name of names) {
    const before = process.cpuUsage();
    const count = cases[name]?.() ?? 0;
    const used = process.cpuUsage(before);
    if (count !== MESSAGES) throw new Error(`${name}: ${count} messages instead of ${MESSAGES}`);
    // The first rounds warm the compiler up.
    if (round >= 3) results.get(name)?.push(((used.user + used.system) * 1000) / count);
  }
}
for (const [name, samples] of results) {
  samples.sort((a, b) => a - b);
  const median = samples[samples.length >> 1] ?? 0;
  console.log(
    `${name.padEnd(42)} ${median.toFixed(1).padStart(7)} ns   best ${(samples[0] ?? 0).toFixed(1).padStart(7)} ns`,
  );
}
