// P24: after a dial that was given up, the process holds nothing and ends by itself. Each case is a process of its own, whose
// resources are exactly the transport's.

import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BlackHole, openBlackHole } from "./black-hole.js";
import { Listener } from "./subjects.js";

let blackHole: BlackHole;
let silent: Listener;
beforeAll(async () => {
  blackHole = await openBlackHole();
  silent = await Listener.open();
});
afterAll(async () => {
  await blackHole.stop();
  await silent.stop();
});

/** Dials, aborts after 50 ms, and prints what is left 50 ms later; resolves when the process has ended by itself. */
async function abortedDial(target: Record<string, unknown>): Promise<{ outcome: string; left: readonly string[] }> {
  const script = `
    import { tcpTransport } from "./packages/transport-node/src/index.ts";
    const calls = [];
    const sink = { data: () => calls.push("data"), drain: () => calls.push("drain"), closed: () => calls.push("closed") };
    const target = { url: "nats://x", scheme: "nats", path: "", serverName: "localhost", shuffleAddresses: false, ...${JSON.stringify(target)} };
    const controller = new AbortController();
    setTimeout(() => controller.abort("given up"), 50);
    const outcome = await tcpTransport().connect(target, sink, controller.signal).then(() => "connected", String);
    setTimeout(() => console.log(JSON.stringify({
      outcome: [outcome, ...calls].join(" "),
      left: process.getActiveResourcesInfo().filter((name) => name !== "Timeout" && name !== "PipeWrap" && name !== "TTYWrap"),
    })), 45);
  `;
  const args = ["--conditions=@myelin/source", "--import", "tsx", "--input-type=module", "--eval", script];
  const child = spawn(process.execPath, args, {
    cwd: `${import.meta.dirname}/../../..`,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code).toBe(0);
  return JSON.parse(output) as { outcome: string; left: readonly string[] };
}

describe("P24: the process of a dial given up", () => {
  it("while TCP gets no answer holds nothing and ends", async () => {
    const target = { hostname: "127.0.0.1", port: blackHole.port, handshakeFirst: false };
    expect(await abortedDial(target)).toEqual({ outcome: "given up", left: [] });
  });

  it("while the TLS handshake gets no answer holds nothing and ends", async () => {
    const target = { hostname: "127.0.0.1", port: silent.port, handshakeFirst: true };
    expect(await abortedDial(target)).toEqual({ outcome: "given up", left: [] });
    expect(silent.openSockets).toBe(0);
  });
});
