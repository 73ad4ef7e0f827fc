// The suite on the Node that runs the tests, as `npm run runtimes` plays it on every other. What a run is judged by is proven too:
// one that breaks down, hangs, or tells of nothing must not pass.

import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { Host } from "../src/host.js";
import { ENDS_BY_ITSELF, playInProcess } from "../src/in-process.js";
import { presentNode, runtimes } from "../src/runtimes.js";
import { scenarios } from "../src/suite/suite.js";

let host: Host;

beforeAll(async () => {
  host = await Host.start();
});

afterAll(() => host?.stop());

it("D17, P25, P48: the suite of all runtimes passes on the present Node over every transport it has, and its process ends by itself", {
  timeout: 240_000,
}, async () => {
  const outcomes = await presentNode().play(host);
  await host.clear();
  expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
  const played = new Set(outcomes.map(({ scenario }) => scenario));
  expect([...played].sort()).toEqual([...scenarios.map(({ name }) => name), ENDS_BY_ITSELF].sort());
  const own = "WebSocket" in globalThis ? ["own ws", "own wss"] : [];
  expect(new Set(outcomes.map(({ door }) => door))).toEqual(
    new Set(["", "tcp", "tls", "ws", "wss", "light ws", "light wss", ...own]),
  );
});

const say = (...lines: string[]): string => lines.map((line) => `console.log('${line}');`).join(" ");
const stay = "setInterval(() => {}, 1000);";

it.each<[how: string, executable: string, args: string[], sentence: RegExp]>([
  ["is not there", "/nowhere/deno", [], /ENOENT/],
  ["breaks down before it plays", process.execPath, ["--import", "./nowhere.mjs"], /nowhere\.mjs/],
  ["plays nothing", process.execPath, ["-e", "0"], /never all closed/],
  ["never ends its connections", process.execPath, ["-e", stay], /never all closed/],
  ["stays", process.execPath, ["-e", `${say('{"type":"closed"}')} ${stay}`], /something kept it alive/],
  ["ends late", process.execPath, ["-e", say('{"type":"closed"}', '{"type":"exit","ms":1001}')], /only after 1001 ms/],
])("a process that %s has failed, with what it said", async (_how, executable, args, sentence) => {
  const outcomes = await playInProcess(host, executable, args, { graceMs: 100, suiteMs: 2_000 });
  expect(outcomes).toHaveLength(1);
  expect(outcomes[0]?.error).toMatch(sentence);
});

it.each(["chromium", "firefox"])("where there is no %s that is said, and is no failure", async (name) => {
  vi.stubEnv("PATH", import.meta.dirname);
  vi.stubEnv(`MYELIN_${name.toUpperCase()}`, undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const browser = runtimes.find((one) => one.name === name);
  await expect(browser?.prepare()).rejects.toThrow(`there is no ${name} on the PATH`);
});

it("a Firefox that does not start is told as one that cannot be had, with its name", async () => {
  vi.stubEnv("MYELIN_FIREFOX", "/nowhere/firefox");
  onTestFinished(() => void vi.unstubAllEnvs());
  const firefox = runtimes.find(({ name }) => name === "firefox");
  await expect(firefox?.prepare()).rejects.toThrow(/spawn \/nowhere\/firefox ENOENT/);
});
