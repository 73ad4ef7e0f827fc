// The peer's codec alone. Receiving: the parser of nats-core and the message object its client builds for every MSG.
// Publishing: the protocol handler, which holds the only encoder there is, over a transport that swallows. Both come from the
// package's own entry "./internal", which exists for its sibling packages and promises nothing: when this import breaks, drop
// this file and keep the comparison of the clients.

import { setImmediate as turn } from "node:timers/promises";
import {
  Kind,
  type MsgArg,
  MsgImpl,
  Parser,
  type ParserEvent,
  ProtocolHandler,
  type Publisher,
  type Transport,
} from "@nats-io/nats-core/internal";
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
    for (let done = 0; done < work.messages; done += pass) parse(chunks, pass, work);
  };
  return {
    perform: (work) =>
      work.kind === "receive" ? receive(work) : work.kind === "publish" ? encode(work) : cannot(work),
    close: async () => {},
  };
}

const kept: (MsgImpl | undefined)[] = Array.from({ length: RING });
const publisher: Publisher = { publish: () => {} };

function parse(chunks: readonly Uint8Array[], messages: number, { size, read, freshChunks }: ReceiveWork): void {
  let seen = 0;
  let bytes = 0;
  const parser = new Parser({
    push: (event: ParserEvent): void => {
      if (event.kind !== Kind.MSG) throw new Error(`event ${event.kind}; the run is void`);
      const message = new MsgImpl(event.msg as MsgArg, event.data as Uint8Array, publisher);
      if (read !== "nothing") bytes += message.subject.length + message.data.length;
      kept[seen & (RING - 1)] = message;
      seen++;
    },
  });
  for (const chunk of chunks) parser.parse(freshChunks ? chunk.slice() : chunk);
  expectCount("messages", seen, messages);
  if (read !== "nothing") expectCount("bytes read", bytes, messages * (SUBJECT.length + size));
}

async function encode({ size, messages }: PublishWork): Promise<void> {
  let bytes = 0;
  const handler = new ProtocolHandler({ servers: "127.0.0.1:4222" }, publisher);
  const swallow = {
    send: (block: Uint8Array): void => {
      bytes += block.length;
    },
  };
  handler.transport = swallow as unknown as Transport;
  handler.infoReceived = true;
  handler.connected = true;
  const payload = payloadOf(size);
  // It hands over its bytes whenever they reach its own limit, and the rest when the turn ends.
  for (let sent = 0; sent < messages; ) {
    const end = Math.min(messages, sent + PER_TURN);
    for (; sent < end; sent++) handler.publish(SUBJECT, payload);
    await turn();
  }
  expectCount("bytes", bytes, messages * pubFrame(size).length);
}
