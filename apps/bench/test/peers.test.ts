// Clients of other languages as contestants: left out with a reason where the machine has no toolchain, and void where they
// fail. Their programs are built by the benchmark alone, never by the tests.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Job } from "../src/job.js";
import { peerVersion, preparePeer, runPeer } from "../src/peers.js";

const job: Job = {
  contestant: "nats-go",
  work: { kind: "publish", size: 16, messages: 10, through: true },
  steps: 1,
  warmUp: 2,
  target: { port: 4222, link: "tcp" },
};

it("a machine without a toolchain has a reason for each peer", async () => {
  const folder = await mkdtemp(join(tmpdir(), "myelin-bench-"));
  vi.stubEnv("PATH", folder);
  vi.stubEnv("MYELIN_CACHE", folder);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  await expect(preparePeer("nats-go", () => {})).rejects.toThrow("there is no go on PATH");
  await expect(preparePeer("async-nats", () => {})).rejects.toThrow("there is no cargo on PATH");
  await expect(preparePeer("nats-py", () => {})).rejects.toThrow("there is no python3 on PATH");
});

it("a peer is told verb, URL, messages, size and warm-up, and answers with what it measured", async () => {
  const script = `console.log(JSON.stringify({ messages: 10, cpuNs: 5, systemNs: 1, wallMs: 1, peakRss: 1, said: process.argv.slice(1) }))`;
  const outcome = await runPeer({ command: process.execPath, args: ["-e", script, "--"] }, job);
  expect(outcome).toMatchObject({ messages: 10, cpuNs: 5, memory: [] });
  expect(outcome).toHaveProperty("said", ["pub", "nats://127.0.0.1:4222", "10", "16", "2"]);
});

it("a peer that fails makes the run void, with what it said", async () => {
  const script = "console.error('no server'); process.exit(1)";
  await expect(runPeer({ command: process.execPath, args: ["-e", script] }, job)).rejects.toThrow("no server");
});

it("the version of each peer is the one its program pins", () => {
  const versions = (["nats-go", "async-nats", "nats-py"] as const).map(peerVersion);
  expect(versions.join(" ")).toMatch(/^\d+\.\d+\.\d+ \d+\.\d+\.\d+ \d+\.\d+\.\d+$/);
});
