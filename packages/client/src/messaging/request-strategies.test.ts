// What ends a request for many answers: functions as strategies, and the rules of ADR-47 for the stall. Fakes and virtual time.

import { describe, expect, it } from "vitest";
import { rejection, type Simulation, simulate } from "../../test/simulated.js";
import type { Msg, NatsConnection, RequestManyOptions, SentinelFn } from "../index.js";

interface Scene extends Simulation {
  readonly nc: NatsConnection;
}

/** Somebody who answers `many` with these payloads, 10 ms apart. */
async function answering(...payloads: string[]): Promise<Scene> {
  const simulation = simulate();
  simulation.serve("a");
  const nc = await simulation.connect({ servers: "a" });
  nc.subscribe("many", {
    callback: (_, msg) => {
      for (const [index, payload] of payloads.entries()) {
        simulation.clock.after(10 * (index + 1), () => void msg.respond(payload));
      }
    },
  });
  return { ...simulation, nc };
}

/** The answers, and the milliseconds until it was over. */
async function ask({ clock, nc }: Scene, options: RequestManyOptions): Promise<{ answers: string[]; ms: number }> {
  const begin = clock.now();
  const answers: string[] = [];
  const collect = async (): Promise<void> => {
    for await (const msg of await nc.requestMany("many", "?", options)) answers.push(msg.string());
  };
  await clock.until(collect());
  return { answers, ms: clock.now() - begin };
}

describe("the sentinel", () => {
  it("SEND-REQUEST-6: is delivered, whoever recognises it: the empty answer, a predicate, a strategy", async () => {
    const scene = await answering("a", "stop", "", "b");
    expect(await ask(scene, { strategy: "sentinel" })).toEqual({ answers: ["a", "stop", ""], ms: 30 });
    const stops = (msg: Msg): boolean => msg.string() === "stop";
    expect(await ask(scene, { sentinel: stops })).toEqual({ answers: ["a", "stop"], ms: 20 });
    // A strategy says whether to go on, a sentinel whether this is the last one.
    expect(await ask(scene, { strategy: (msg) => !stops(msg) })).toEqual({ answers: ["a", "stop"], ms: 20 });
  });

  it("SEND-REQUEST-6: that never comes leaves it to the total time", async () => {
    const scene = await answering("a", "b");
    for (const options of [{ strategy: "sentinel" }, { sentinel: () => false }, { strategy: () => true }] as const) {
      expect(await ask(scene, { ...options, maxWait: 200 })).toEqual({ answers: ["a", "b"], ms: 200 });
    }
  });
});

describe("functions as strategy", () => {
  it("SEND-REQUEST-6: several are asked in order, up to the first that does not say true", async () => {
    const scene = await answering("1", "2", "3");
    const asked: string[] = [];
    const named =
      (name: string, goesOn: (msg: Msg) => boolean): SentinelFn =>
      (msg) => {
        asked.push(name + msg.string());
        return goesOn(msg);
      };
    const strategy = [named("a", () => true), named("b", (msg) => msg.string() !== "2"), named("c", () => true)];
    expect((await ask(scene, { strategy })).answers).toEqual(["1", "2"]);
    expect(asked).toEqual(["a1", "b1", "c1", "a2", "b2"]);
    expect((await ask(scene, { strategy: [], maxWait: 100 })).ms).toBe(100);
  });

  it("an error they return ends it with that error, behind the answer; a throw with a CallbackError", async () => {
    const scene = await answering("1", "2");
    const mine = new Error("not like this");
    const answers: string[] = [];
    const collect = async (strategy: SentinelFn): Promise<void> => {
      for await (const msg of await scene.nc.requestMany("many", "", { strategy })) answers.push(msg.string());
    };
    expect(await rejection(scene.clock.until(collect(() => mine)))).toBe(mine);
    const thrown = collect(() => {
      throw mine;
    });
    expect(await rejection(scene.clock.until(thrown))).toMatchObject({ code: "CALLBACK_FAILED", cause: mine });
    expect(answers).toEqual(["1", "1"]);
  });

  it("what is neither a name nor functions is refused before anything is sent", async () => {
    const { nc } = await answering();
    for (const strategy of ["all", 5, {}, ["timer"], [() => true, 1]]) {
      const options = { strategy } as unknown as RequestManyOptions;
      expect((await rejection(nc.requestMany("many", "", options))).message).toMatch(/^strategy: must be one of/);
    }
    expect(nc.stats().outMsgs).toBe(0);
  });
});

describe("the stall", () => {
  it("SEND-REQUEST-6: below 1, and not below the total time, is as none", async () => {
    const scene = await answering("1");
    for (const stall of [0, -5, 0.5, 200, 5_000]) {
      expect(await ask(scene, { maxWait: 200, stall }), String(stall)).toEqual({ answers: ["1"], ms: 200 });
    }
  });

  it("SEND-REQUEST-6: of the strategy is 300 ms where none of 1 ms or more is given", async () => {
    const scene = await answering("1");
    for (const stall of [undefined, 0]) expect((await ask(scene, { strategy: "stall", stall })).ms).toBe(310);
    expect((await ask(scene, { strategy: "stall", stall: 50 })).ms).toBe(60);
  });
});
