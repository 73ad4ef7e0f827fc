// Our codec alone: chunks of 64 KiB as a socket gives them, and blocks of 64 KiB as a socket takes them. No socket, no client.

import { setImmediate as turn } from "node:timers/promises";
import { DecodedMessage, Decoder, Encoder, Op } from "@myelin/protocol";
import { msgChunks, payloadOf, pubFrame, SUBJECT } from "../frames.js";
import { type Contestant, cannot, expectCount, type PublishWork, type ReceiveWork } from "../job.js";
import { CHUNK, messagesPerPass, PER_TURN, RING } from "./amounts.js";

export async function open(): Promise<Contestant> {
  const streams = new Map<string, Uint8Array[]>();
  const receive = async (work: ReceiveWork): Promise<void> => {
    const pass = messagesPerPass(work.messages);
    const key = `${work.size} ${pass}`;
    const chunks = streams.get(key) ?? msgChunks(work.size, pass, CHUNK);
    streams.set(key, chunks);
    for (let done = 0; done < work.messages; done += pass) {
      decode(chunks, pass, work);
      if (work.freshChunks) await turn();
    }
  };
  return {
    perform: (work) =>
      work.kind === "receive" ? receive(work) : work.kind === "publish" ? encode(work) : cannot(work),
    close: async () => {},
  };
}

// Kept for a while, as by a queue: else the compiler sees that nobody looks and never makes the object.
const kept: (DecodedMessage | undefined)[] = Array.from({ length: RING });

function decode(chunks: readonly Uint8Array[], messages: number, { size, read, freshChunks }: ReceiveWork): void {
  const decoder = new Decoder({ from: "server" });
  let seen = 0;
  let bytes = 0;
  for (const chunk of chunks) {
    decoder.push(freshChunks ? chunk.slice() : chunk);
    for (let op = decoder.next(); op !== Op.None; op = decoder.next()) {
      const message = new DecodedMessage(decoder);
      if (read !== "nothing") bytes += message.subject.length + message.data.length;
      kept[seen & (RING - 1)] = message;
      seen++;
    }
  }
  expectCount("messages", seen, messages);
  if (read !== "nothing") expectCount("bytes read", bytes, messages * (SUBJECT.length + size));
}

async function encode({ size, messages }: PublishWork): Promise<void> {
  const encoder = new Encoder();
  const payload = payloadOf(size);
  let bytes = 0;
  const take = (): void => {
    for (let block = encoder.take(); block !== undefined; block = encoder.take()) bytes += block.length;
  };
  for (let sent = 0; sent < messages; ) {
    const end = Math.min(messages, sent + PER_TURN);
    for (; sent < end; sent++) {
      encoder.pub(SUBJECT, undefined, payload);
      if (encoder.pendingBytes >= CHUNK) take();
    }
    await turn();
    take();
  }
  expectCount("bytes", bytes, messages * pubFrame(size).length);
}
