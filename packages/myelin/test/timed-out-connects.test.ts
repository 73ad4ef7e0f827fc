// P24: connects that time out leave nothing in the process, whatever the server had done until then. Each case is a process of its
// own. How the transport alone behaves is in its own tests.

import { createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { blackHoleUrl } from "./opened.js";
import { runScript } from "./run-script.js";

const TIMES = 3;
const TIMEOUT = 150;

/** A server that says this to everybody and then nothing more; and how many sockets are open at it. */
async function saying(text: string): Promise<{ url: string; open: () => number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.resume();
    socket.write(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `nats://127.0.0.1:${port}`, open: () => sockets.size };
}

const info = {
  server_id: "x",
  version: "2.10.0",
  proto: 1,
  headers: true,
  max_payload: 1_048_576,
  port: 4222,
  host: "x",
};
it("P24: after SYNs nobody answers, a silent accept, half an INFO, a stalled TLS handshake and a PING without PONG the process holds what it held before, within 50 ms, and ends", async () => {
  const accepting = [
    await saying(""),
    await saying('INFO {"server_id":"x","vers'),
    await saying(`INFO ${JSON.stringify({ ...info, tls_required: true })}\r\n`),
    await saying(`INFO ${JSON.stringify(info)}\r\n`),
  ];
  const servers = [await blackHoleUrl(), ...accepting.map(({ url }) => url)];
  const { said, exitCode, stderr } = await runScript("timed-out-connects", { servers, times: TIMES, timeout: TIMEOUT });
  expect({ said, exitCode, stderr }).toEqual({
    said: { told: servers.map(() => ({ codes: Array(TIMES).fill("TIMEOUT"), left: [] })) },
    exitCode: 0,
    stderr: "",
  });
  expect(accepting.map(({ open }) => open())).toEqual([0, 0, 0, 0]);
});
