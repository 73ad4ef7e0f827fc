// The floor below all floors: what Node's socket costs when nobody looks at the bytes. Receiving counts them; publishing writes
// blocks that were encoded before the clock started; a request is a line that comes back through the same server.

import { blastSubject, framesOf, msgFrame, PLAIN, payloadOf, pubFrame, repeated, SUBJECT } from "../frames.js";
import { type Contestant, cannot, type PublishWork, type ReceiveWork, type RequestWork, type Target } from "../job.js";
import type { Notes } from "../notes.js";
import { perFlush } from "./amounts.js";
import { RawLink } from "./raw-link.js";

const BLOCK = 65_536;

export async function open(target: Target): Promise<Contestant> {
  const link = await RawLink.open(target);
  let responder: RawLink | undefined;
  let sid = 0;
  const echo = async (work: RequestWork, notes: Notes): Promise<void> => {
    responder ??= await respond(target, work.size);
    if (work.inFlight > 1) throw new Error("the bare socket has one request in flight");
    await request(link, String(++sid), work, notes);
  };
  return {
    perform: (work, notes) => {
      if (work.kind === "receive") return receive(link, String(++sid), work);
      if (work.kind === "publish") return publish(link, work);
      return work.kind === "request" ? echo(work, notes) : cannot(work);
    },
    close: async () => {
      responder?.socket.destroy();
      link.socket.destroy();
    },
  };
}

async function receive(
  link: RawLink,
  sid: string,
  { size, messages, shape = PLAIN, through }: ReceiveWork,
): Promise<void> {
  const lengths = framesOf(sid, size, shape).map(({ length }) => length);
  let bytes = 0;
  for (let i = 0; i < messages; i++) bytes += lengths[i % lengths.length] ?? 0;
  const done = link.expect(bytes);
  const trigger = blastSubject(size, messages, shape);
  if (through === true) link.socket.write(`SUB ${SUBJECT} ${sid}\r\nPUB ${trigger} 0\r\n\r\n`);
  else link.socket.write(`SUB ${trigger} ${sid}\r\n`);
  await done;
  link.socket.write(`UNSUB ${sid}\r\n`);
}

async function publish(link: RawLink, { size, messages }: PublishWork): Promise<void> {
  const frame = pubFrame(size);
  const perBlock = Math.max(1, Math.floor(BLOCK / frame.length));
  const block = repeated(frame, perBlock);
  const between = Math.ceil(perFlush(size) / perBlock) * perBlock;
  for (let sent = 0; sent < messages; ) {
    const piece = Math.min(perBlock, messages - sent);
    await link.write(block.subarray(0, piece * frame.length));
    sent += piece;
    if (sent % between === 0) await link.roundTrip();
  }
  await link.roundTrip();
}

const SERVICE = "bench.echo";
const INBOX = "_INBOX.bench";

/** Answers every request with the answer it needs, made beforehand: one is in flight at most. */
async function respond(target: Target, size: number): Promise<RawLink> {
  const link = await RawLink.open(target);
  await link.roundTrip(`SUB ${SERVICE} 1\r\n`);
  const answer = pubFrame(size, INBOX);
  const whole = `MSG ${SERVICE} 1 ${INBOX} ${size}\r\n`.length + size + 2;
  let seen = 0;
  link.onChunk((chunk) => {
    seen += chunk.length;
    for (; seen >= whole; seen -= whole) link.socket.write(answer);
  });
  return link;
}

async function request(link: RawLink, sid: string, { size, messages }: RequestWork, notes: Notes): Promise<void> {
  await link.roundTrip(`SUB ${INBOX} ${sid}\r\n`);
  const head = `PUB ${SERVICE} ${INBOX} ${size}\r\n`;
  const question = Buffer.concat([Buffer.from(head), payloadOf(size), Buffer.from("\r\n")]);
  const answer = msgFrame(sid, size, INBOX).length;
  for (let i = 0; i < messages; i++) {
    const at = performance.now();
    const answered = link.expect(answer);
    link.socket.write(question);
    await answered;
    notes.took(performance.now() - at);
  }
  link.socket.write(`UNSUB ${sid}\r\n`);
}
