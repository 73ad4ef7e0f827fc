// The bytes both ends of a run agree on: subjects, payloads and MSG frames, made without any contestant's codec.
// Source: NATS client protocol (MSG).

/** The subject of every benchmark message; 17 characters. */
export const SUBJECT = "orders.eu.created";

/** The subject that makes a source send `messages` messages of `size` bytes to its subscriber. */
export function blastSubject(size: number, messages: number): string {
  return `blast.${size}.${messages}`;
}

/** What a blast subject asks for; `undefined` for any other subject. */
export function parseBlast(subject: string): { readonly size: number; readonly messages: number } | undefined {
  const [verb, size, messages, ...rest] = subject.split(".");
  if (verb !== "blast" || size === undefined || messages === undefined || rest.length > 0) return undefined;
  return { size: Number(size), messages: Number(messages) };
}

/** `size` bytes that can be mistaken for no operation. */
export function payloadOf(size: number): Uint8Array {
  return new Uint8Array(size).fill(120);
}

/** One MSG without a reply subject. */
export function msgFrame(sid: string, size: number): Buffer {
  return Buffer.concat([Buffer.from(`MSG ${SUBJECT} ${sid} ${size}\r\n`), payloadOf(size), Buffer.from("\r\n")]);
}

/** One PUB without a reply subject. */
export function pubFrame(size: number): Buffer {
  return Buffer.concat([Buffer.from(`PUB ${SUBJECT} ${size}\r\n`), payloadOf(size), Buffer.from("\r\n")]);
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
