// The floor: what Node's socket costs when nobody looks at the bytes. Receiving counts them; publishing writes blocks that were
// encoded before the clock started.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { blastSubject, msgFrame, pubFrame, repeated } from "../frames.js";
import type { Contestant, PublishWork, ReceiveWork } from "../job.js";

const BLOCK = 65_536;

export async function open(port: number): Promise<Contestant> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  let onBytes: (bytes: number) => void = () => {};
  socket.on("data", (chunk: Buffer) => onBytes(chunk.length));
  const expect = (bytes: number): Promise<void> =>
    new Promise((resolve, reject) => {
      let seen = 0;
      onBytes = (more) => {
        seen += more;
        if (seen === bytes) resolve();
        else if (seen > bytes) reject(new Error(`${seen} bytes instead of ${bytes}; the run is void`));
      };
    });
  // INFO, of any length, and PONG.
  const greeted = new Promise<void>((resolve) => {
    onBytes = () => resolve();
  });
  await greeted;
  const pong = expect("PONG\r\n".length);
  socket.write("CONNECT {}\r\nPING\r\n");
  await pong;
  let sid = 0;
  return {
    receive: async ({ size, messages }: ReceiveWork) => {
      sid++;
      const done = expect(msgFrame(String(sid), size).length * messages);
      socket.write(`SUB ${blastSubject(size, messages)} ${sid}\r\n`);
      await done;
    },
    publish: (work) => publish(socket, work, () => expect("PONG\r\n".length)),
    close: async () => {
      socket.destroy();
    },
  };
}

async function publish(
  socket: Socket,
  { size, messages }: PublishWork,
  expectPong: () => Promise<void>,
): Promise<void> {
  const frame = pubFrame(size);
  const perBlock = Math.floor(BLOCK / frame.length);
  const block = repeated(frame, perBlock);
  for (let left = messages; left > 0; left -= perBlock) {
    const piece = left >= perBlock ? block : block.subarray(0, left * frame.length);
    if (!socket.write(piece)) await once(socket, "drain");
  }
  const pong = expectPong();
  socket.write("PING\r\n");
  await pong;
}
