// P52: our own process stands still for seconds (SIGSTOP, as a frozen container or a sleeping machine), with ping intervals scaled
// down, and goes on: while its server waited for it, had given it up, or has gone silent meanwhile.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultProxy, RealServer } from "@myelin/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { open } from "./opened.js";

const PING_INTERVAL = 250;
const STOPPED = 3_000;

interface Outcome {
  readonly how: string;
  readonly ms: number;
}
interface Told {
  readonly atOnce: Outcome;
  readonly withoutRetry: Outcome;
  readonly next: Outcome;
  readonly heard: string[];
  readonly reconnects: number;
  readonly server: string;
}

/** Stops the program for three seconds once it is connected; `meanwhile` runs while it stands still. */
async function stopped(servers: string[], meanwhile: () => void): Promise<Told> {
  const file = `${import.meta.dirname}/scripts/frozen-client.ts`;
  const child = spawn(
    process.execPath,
    [
      ...["--conditions=@myelin/source", "--import", "tsx", file],
      JSON.stringify({ servers, pingInterval: PING_INTERVAL, jump: STOPPED / 2 }),
    ],
    { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  child.kill("SIGSTOP");
  meanwhile();
  await sleep(STOPPED);
  child.kill("SIGCONT");
  const { value: line } = await lines.next();
  expect((await ended)[0]).toBe(0);
  return JSON.parse(String(line)) as Told;
}

let server: RealServer;
let strict: RealServer;
beforeAll(async () => {
  server = await RealServer.start();
  // Gives up a client that does not answer within half a second or so.
  strict = await RealServer.start({ config: 'ping_interval: "250ms", ping_max: 1' });
});
afterAll(() => Promise.all([server.stop(), strict.stop()]));

async function serve(...where: RealServer[]): Promise<void> {
  for (const { url } of where) {
    const responder = await open({ servers: url, pingInterval: 100 });
    responder.subscribe("svc", { callback: (_, msg) => void msg.respond(msg.data) });
    await responder.flush();
  }
}

describe("a process that stood still for many ping intervals", () => {
  it("P52: is answered at once by a server that waited, over the same link", async () => {
    await serve(server);
    const { atOnce, withoutRetry, next, heard, reconnects } = await stopped([server.url], () => {});
    expect([atOnce.how, withoutRetry.how, next.how, heard, reconnects]).toEqual([
      "answered",
      "answered",
      "answered",
      ["to myself"],
      0,
    ]);
    expect(Math.max(atOnce.ms, withoutRetry.ms, next.ms)).toBeLessThan(3_000);
  });

  it("P52: is answered within 3 s where its server has given it up meanwhile; without retry the first request may tell of the lost link", async () => {
    await serve(strict);
    const { atOnce, withoutRetry, next, heard } = await stopped([strict.url], () => {});
    expect([atOnce.how, next.how, heard]).toEqual(["answered", "answered", ["to myself"]]);
    expect(["answered", "DISCONNECTED"]).toContain(withoutRetry.how);
    expect(Math.max(atOnce.ms, withoutRetry.ms)).toBeLessThan(3_000);
  });

  it("P52: leaves a server that has gone silent within 2 s, for the next one", async () => {
    await serve(server);
    const proxy = await FaultProxy.start({ target: server });
    onTestFinished(() => proxy.stop());
    const {
      atOnce,
      withoutRetry,
      next,
      heard,
      server: last,
    } = await stopped([proxy.url, server.url], () => proxy.faults.silence());
    expect([atOnce.how, next.how, heard]).toEqual(["answered", "answered", ["to myself"]]);
    expect(["answered", "DISCONNECTED"]).toContain(withoutRetry.how);
    expect(atOnce.ms).toBeLessThan(3_000);
    expect(last).toBe(server.url.replace("nats://", ""));
  });
});

describe("a process whose event loop is blocked now and then", () => {
  it("P52: keeps the link to a server that answers, with intervals far shorter than that", async () => {
    const nc = await open({ servers: server.url, pingInterval: 200, maxPingOut: 1 });
    let lost = 0;
    nc.on("staleConnection", () => void lost++);
    // From just behind a ping to just before it, with and without a write that waits for an answer.
    for (const [index, blocked] of [180, 360, 600, 900, 400, 990].entries()) {
      await sleep(70 + 40 * index);
      if (index % 2 === 0) nc.publish("x");
      await sleep(60);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blocked);
    }
    await sleep(500);
    expect([lost, nc.stats().reconnects]).toEqual([0, 0]);
  });
});
