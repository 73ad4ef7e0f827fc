// Asking for many answers, against a fake server that routes, under virtual time.

import type { FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { answerAt, many } from "../../test/answers.js";
import { last, scene } from "../../test/one-server.js";
import { recorded, rejection } from "../../test/simulated.js";
import {
  ClosedConnectionError,
  DisconnectedError,
  type Msg,
  NoRespondersError,
  type RequestManyOptions,
} from "../index.js";

const subs = (server: FakeServer): number => last(server)?.received.filter(({ op }) => op === "SUB").length ?? 0;
const unsubs = (server: FakeServer): number => last(server)?.received.filter(({ op }) => op === "UNSUB").length ?? 0;

describe("requestMany", () => {
  it("SEND-REQUEST-6: collects until the total time has passed", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 900, 1_100]);
    expect(await many(world, {})).toEqual({ answers: ["1", "2", "3"], ms: 1_000 });
    expect(await many(world, { maxWait: 50 })).toEqual({ answers: ["1", "2"], ms: 50 });
  });

  it("SEND-REQUEST-6: a count ends it with the last of them", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30]);
    expect(await many(world, { strategy: "count", maxMessages: 2 })).toEqual({ answers: ["1", "2"], ms: 20 });
  });

  it.each([false, true])(
    "SEND-REQUEST-6: silence after an answer ends it, exactly as long as asked (noMux %s)",
    async (noMux) => {
      const world = await scene();
      answerAt(world, "many", [500, 530, 700]);
      expect(await many(world, { stall: 50, noMux })).toEqual({ answers: ["1", "2"], ms: 580 });
      expect(await many(world, { strategy: "stall", noMux })).toEqual({ answers: ["1", "2", "3"], ms: 1_000 });
    },
  );

  it("SEND-REQUEST-6: the total time holds, however the stall timer stands", async () => {
    const world = await scene();
    answerAt(world, "many", [100, 300, 490, 700, 900, 1_100]);
    expect(await many(world, { maxWait: 500, stall: 300 })).toEqual({ answers: ["1", "2", "3"], ms: 500 });
  });

  it("SEND-REQUEST-6: an empty answer is the standard sentinel; a predicate chooses another; it is delivered", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30, 40], ["a", "stop", "", "b"]);
    expect((await many(world, { strategy: "sentinel" })).answers).toEqual(["a", "stop", ""]);
    expect((await many(world, { sentinel: true })).answers).toEqual(["a", "stop", ""]);
    expect((await many(world, { sentinel: (msg: Msg) => msg.string() === "stop" })).answers).toEqual(["a", "stop"]);
  });

  it("SEND-REQUEST-6: conditions combine, and the first to hold ends it", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30, 200], ["a", "b", "c", ""]);
    const all: RequestManyOptions = { maxWait: 500, stall: 100, sentinel: true, maxMessages: 5 };
    expect(await many(world, all)).toEqual({ answers: ["a", "b", "c"], ms: 130 });
    expect((await many(world, { ...all, maxMessages: 2 })).answers).toEqual(["a", "b"]);
    expect((await many(world, { ...all, stall: 300 })).answers).toEqual(["a", "b", "c", ""]);
    expect(await many(world, { ...all, stall: 300, maxWait: 25 })).toEqual({ answers: ["a", "b"], ms: 25 });
  });

  it("SEND-REQUEST-6: nobody listening ends it with NoRespondersError", async () => {
    const world = await scene();
    expect(await rejection(many(world, {}))).toBeInstanceOf(NoRespondersError);
  });

  it("leaving the loop tells the server, and no timer stays", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30]);
    const timers = world.clock.pendingTimers;
    await world.clock.until(
      (async () => {
        for await (const msg of await world.nc.requestMany("many")) if (msg.string() === "2") break;
      })(),
    );
    await world.clock.settle();
    expect(unsubs(world.server)).toBe(1);
    await world.clock.advance(30);
    expect(world.clock.pendingTimers).toBe(timers);
  });

  it("D9: a lost link and a closed connection end it with their error, after the answers that came", async () => {
    const world = await scene();
    answerAt(world, "many", [10]);
    const answers: string[] = [];
    const collect = async (): Promise<void> => {
      for await (const msg of await world.nc.requestMany("many")) answers.push(msg.string());
    };
    const lost = rejection(collect());
    await world.clock.advance(100);
    last(world.server)?.reset();
    expect(await lost).toBeInstanceOf(DisconnectedError);
    await world.clock.advance(1_000);
    const closed = rejection(collect());
    await world.clock.advance(100);
    await world.nc.close();
    expect(await closed).toBeInstanceOf(ClosedConnectionError);
    expect(answers).toEqual(["1", "1"]);
  });

  it("SEND-REQUEST-9: an aborted signal ends it with its reason", async () => {
    const world = await scene();
    answerAt(world, "many", [10]);
    const abort = new AbortController();
    world.clock.after(50, () => abort.abort(new Error("enough")));
    expect((await rejection(many(world, { signal: abort.signal }))).message).toBe("enough");
  });

  it("a bad option is refused before anything is sent", async () => {
    const { nc, server } = await scene();
    const before = subs(server);
    for (const options of [
      { maxWait: 0 },
      { stall: Number.NaN },
      { strategy: "count" },
      { strategy: "all" },
      { maxMessages: 1.5 },
    ]) {
      expect((await rejection(nc.requestMany("a", "", options as RequestManyOptions))).code).toBe("INVALID_ARGUMENT");
    }
    expect(subs(server)).toBe(before);
  });

  it("answers nobody takes are bounded, and their loss is told once", async () => {
    const world = await scene({ pending: { messages: 2 } });
    const slow = recorded(world.nc, "slowConsumer");
    answerAt(world, "many", [1, 2, 3, 4, 5]);
    const answers = await world.nc.requestMany("many");
    await world.clock.advance(1_000);
    const kept: string[] = [];
    for await (const msg of answers) kept.push(msg.string());
    expect(kept).toEqual(["1", "2"]);
    expect(slow).toHaveLength(1);
  });
});
