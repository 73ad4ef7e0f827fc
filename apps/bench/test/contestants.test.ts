// Every contestant does every work it is compared in, on real sockets. A figure of a contestant that loses messages is worth
// nothing; each of them counts and throws, and the sink's count is checked here as the benchmark checks it.

import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint } from "../src/endpoints/listen.js";
import { openSink } from "../src/endpoints/sink.js";
import { openSource } from "../src/endpoints/source.js";
import { pubFrame } from "../src/frames.js";
import type { ContestantName, OpenContestant } from "../src/job.js";
import { runScenario } from "../src/run-scenario.js";
import { scenarios } from "../src/scenarios/index.js";

const MESSAGES = 6_000;
let source: Endpoint;
let sink: Endpoint;

beforeAll(async () => {
  source = await openSource();
  sink = await openSink();
});
afterAll(async () => {
  await source.close();
  await sink.close();
});

async function open(name: ContestantName, port: number) {
  const module = (await import(`../src/contestants/${name}.ts`)) as { readonly open: OpenContestant };
  return module.open(port);
}

describe("every contestant", () => {
  const names = ["myelin-codec", "nats-js-codec", "myelin-client", "nats-js-client", "bare-socket"] as const;

  it.each(names)("%s receives every message, twice on one connection", async (name) => {
    const contestant = await open(name, source.port);
    for (const read of ["nothing", "subject+data"] as const) {
      await contestant.receive({ kind: "receive", size: 16, messages: MESSAGES, read, freshChunks: false });
    }
    await contestant.close();
  });

  it.each(names)("%s publishes every message", async (name) => {
    sink.takeReceived();
    const contestant = await open(name, sink.port);
    await contestant.publish({ kind: "publish", size: 128, messages: MESSAGES });
    await contestant.close();
    if (name.endsWith("-codec")) return;
    const received = sink.takeReceived();
    expect(received).toBeGreaterThanOrEqual(MESSAGES * pubFrame(128).length);
    expect(received).toBeLessThan(MESSAGES * pubFrame(128).length + 4_096);
  });
});

describe("an endpoint", () => {
  it("answers every PING, also one cut between two chunks, and each once", async () => {
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
  });
});

describe("runScenario", () => {
  it("measures in processes of its own and tells ratios", async () => {
    const publish = scenarios.find(({ name }) => name === "publish");
    if (publish === undefined) throw new Error("no such scenario");
    const result = await runScenario(publish, {
      messages: MESSAGES,
      rounds: 1,
      only: "16 B",
      profile: undefined,
      command: "",
      progress: () => {},
    });
    expect(result.figures.map(({ who }) => who)).toEqual(["myelin", "nats.js", "bare socket (floor)"]);
    expect(result.figures.every(({ cpuNs }) => cpuNs.median > 0)).toBe(true);
  }, 60_000);
});
