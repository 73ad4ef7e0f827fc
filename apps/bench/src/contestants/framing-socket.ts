// The honest floor: a bare socket and the least a client must do beside it. Publishing copies every message into a fresh block,
// header and payload, and writes one block for a batch; receiving reads each frame's head for its length and calls back for
// each. No subject is read, no object made, nothing checked.

import { setImmediate as turn } from "node:timers/promises";
import { blastSubject, payloadOf, SUBJECT } from "../frames.js";
import { type Contestant, cannot, expectCount, type PublishWork, type ReceiveWork, type Target } from "../job.js";
import { PER_TURN, perFlush } from "./amounts.js";
import { Framing } from "./framing.js";
import { RawLink } from "./raw-link.js";

const BLOCK = 65_536;
const CR = 13;

export async function open(target: Target): Promise<Contestant> {
  const link = await RawLink.open(target);
  let sid = 0;
  return {
    perform: (work) => {
      if (work.kind === "receive") return receive(link, String(++sid), work);
      return work.kind === "publish" ? publish(link, work) : cannot(work);
    },
    close: async () => {
      link.socket.destroy();
    },
  };
}

async function publish(link: RawLink, { size, messages }: PublishWork): Promise<void> {
  const payload = payloadOf(size);
  const head = new Uint8Array(Buffer.from(`PUB ${SUBJECT} ${size}\r\n`));
  const length = head.length + size + 2;
  const between = perFlush(size);
  const perBlock = Math.max(1, Math.floor(BLOCK / length));
  for (let sent = 0; sent < messages; ) {
    const end = Math.min(messages, sent + Math.min(PER_TURN, between));
    while (sent < end) {
      const batch = Math.min(perBlock, end - sent);
      const block = Buffer.allocUnsafeSlow(batch * length);
      for (let i = 0, at = 0; i < batch; i++) at = put(block, at, head, payload);
      await link.write(block);
      sent += batch;
    }
    if (sent % between === 0) await link.roundTrip();
    else await turn();
  }
  await link.roundTrip();
}

// Small copies by loop, large by `set`.
function put(block: Uint8Array, at: number, head: Uint8Array, payload: Uint8Array): number {
  let to = at;
  for (let i = 0; i < head.length; i++) block[to++] = head[i] ?? 0;
  if (payload.length <= 64) for (let i = 0; i < payload.length; i++) block[to++] = payload[i] ?? 0;
  else {
    block.set(payload, to);
    to += payload.length;
  }
  block[to++] = CR;
  block[to++] = 10;
  return to;
}

async function receive(link: RawLink, sid: string, { size, messages, through }: ReceiveWork): Promise<void> {
  let seen = 0;
  let bytes = 0;
  const done = new Promise<void>((resolve) => {
    const framing = new Framing((length) => {
      bytes += length;
      if (++seen === messages) resolve();
    });
    link.onChunk((chunk) => framing.push(chunk));
  });
  const trigger = blastSubject(size, messages);
  if (through === true) link.socket.write(`SUB ${SUBJECT} ${sid}\r\nPUB ${trigger} 0\r\n\r\n`);
  else link.socket.write(`SUB ${trigger} ${sid}\r\n`);
  await done;
  link.socket.write(`UNSUB ${sid}\r\n`);
  expectCount("bytes of payload", bytes, messages * size);
}
