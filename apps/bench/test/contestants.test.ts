// Every line of every scenario does its work once, with tiny counts and on real sockets, in this process. A figure of a
// contestant that loses messages is worth nothing: each of them counts and throws, and the sink's count is checked here as the
// benchmark checks it. One scenario is run whole, in processes of its own.

import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSink } from "../src/endpoints/sink.js";
import { pubFrame, subjectOf } from "../src/frames.js";
import type { OpenContestant, Outcome } from "../src/job.js";
import type { Line } from "../src/measure.js";
import { Notes } from "../src/notes.js";
import { endOf, OtherEnds } from "../src/other-ends.js";
import { isPeer } from "../src/peers.js";
import { bundlePrograms, type Programs } from "../src/programs.js";
import { runScenario } from "../src/run-scenario.js";
import { scenarios } from "../src/scenarios/index.js";
import type { Amounts, Scenario } from "../src/scenarios/scenario.js";

const TINY: Amounts = { messages: 60, subscriptions: 30 };
let programs: Programs;
let ends: OtherEnds;

beforeAll(async () => {
  programs = await bundlePrograms();
  ends = new OtherEnds(programs);
});
afterAll(async () => {
  await ends.stop();
  programs.remove();
});

// As run-process.ts does it, without a process; twice on one connection, as after a warm-up.
async function perform({ job, link }: Line): Promise<Notes> {
  const kind = endOf(job.work, job.contestant);
  const end = await ends.get(kind, link);
  const { open } = (await import(`../src/contestants/${job.contestant}.ts`)) as { readonly open: OpenContestant };
  await end.received();
  const contestant = await open(end.target);
  const notes = new Notes();
  const times = job.work.kind === "replay" ? 1 : 2;
  for (let i = 0; i < times; i++) await contestant.perform(job.work, notes);
  await contestant.close();
  if (kind === "sink" && job.work.kind === "publish") {
    const { messages, size, subjects } = job.work;
    const expected = times * messages * pubFrame(size, subjects === undefined ? undefined : subjectOf(0)).length;
    const received = await end.received();
    expect(received).toBeGreaterThanOrEqual(expected);
    expect(received).toBeLessThan(expected + 4_096);
  }
  return notes;
}

describe("every line of a scenario does its work, twice on one connection, and loses nothing:", () => {
  const cases = scenarios.map((scenario) => [scenario.name, scenario] as const);

  it.each(cases)("%s", async (_, scenario) => {
    for (const line of scenario.lines(TINY)) if (!isPeer(line.job.contestant)) await perform(line);
  });
});

function find(name: string): Scenario {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario "${name}"`);
  return scenario;
}

describe("a run", () => {
  it("TOOL-1, TOOL-3: N publishers send exactly the messages asked for, whatever N, and every one of M subscribers hears them all", async () => {
    const [line] = find("pubsub").lines({ messages: 101, clients: 3, subscribers: 2 });
    if (line === undefined) throw new Error("the scenario has no line");
    const once = { ...line, job: { ...line.job, warmUp: 0 } };
    const outcomes: Outcome[] = [];
    await runScenario(
      { ...find("pubsub"), lines: () => [once] },
      { ...options(TINY), rounds: 1, progress: (_, outcome) => outcomes.push(outcome) },
    );
    const samples = outcomes[0]?.samples ?? [];
    const parts = (role: string): number[] =>
      samples.filter((sample) => sample.role === role).map(({ messages }) => messages);
    expect(parts("pub").sort()).toEqual([33, 34, 34]);
    expect(parts("sub")).toEqual([101, 101]);
    expect(outcomes[0]?.messages).toBe(101 + 2 * 101);
  });

  it("TOOL-5: tells the percentiles of every request's latency", async () => {
    const [line] = find("request").lines({ messages: 200 });
    if (line === undefined) throw new Error("the scenario has no line");
    const { latency } = (await perform(line)).read();
    expect(latency?.p50).toBeGreaterThan(1_000);
    expect(latency?.p99).toBeGreaterThanOrEqual(latency?.p50 ?? 0);
    expect(latency?.most).toBeGreaterThanOrEqual(latency?.p999 ?? 0);
  });

  it("is measured in processes of its own, and compared with nats.js and with both floors", async () => {
    const result = await runScenario(find("publish"), { ...options({ messages: 6_000, size: 16 }) });
    expect(result.figures.map(({ who }) => who)).toEqual([
      "myelin",
      "nats.js",
      "bare socket that frames",
      "bare socket, encoded beforehand",
    ]);
    expect(result.figures.every(({ cpuNs }) => cpuNs.median > 0)).toBe(true);
  });

  it("that did not read what was sent is void, and says what came instead", async () => {
    const [line] = find("subscribe").lines({ messages: 50, size: 16 });
    if (line === undefined || line.job.work.kind !== "receive") throw new Error("the scenario has no such line");
    // A header that the source never sent.
    const job = { ...line.job, work: { ...line.job.work, read: "subject+header" as const } };
    await expect(perform({ ...line, job })).rejects.toThrow("bytes read: 850 instead of 1650; the run is void");
  });
});

function options(amounts: Amounts) {
  return {
    programs,
    amounts,
    rounds: 1,
    only: undefined,
    profile: undefined,
    command: "",
    progress: () => {},
    say: () => {},
  };
}

describe("an endpoint", () => {
  it("answers every PING, also one cut between two chunks, and each once", async () => {
    const sink = await openSink();
    const socket = connect(sink.port, "127.0.0.1").setNoDelay(true);
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    const pongs = async (wanted: number): Promise<void> => {
      while (text.split("PONG\r\n").length - 1 < wanted) await once(socket, "data");
    };
    await once(socket, "connect");
    while (!text.includes("\r\n")) await once(socket, "data");
    socket.write("PING\r\nPING\r\n");
    await pongs(2);
    // Each piece in a packet of its own: the next is written when the endpoint has read the last.
    sink.takeReceived();
    for (const piece of ["P", "IN", "G\r", "\n"]) {
      socket.write(piece);
      for (let seen = 0; seen < piece.length; seen += sink.takeReceived()) await new Promise(setImmediate);
    }
    socket.write("PING\r\n");
    await pongs(4);
    expect(text.split("PONG\r\n").length - 1).toBe(4);
    socket.destroy();
    await sink.close();
  });
});
