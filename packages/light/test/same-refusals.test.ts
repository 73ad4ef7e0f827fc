// Arguments and options that are none are refused as the full client refuses them, with the same codes.

import { connect as connectFull } from "@myelin/client";
import { expect, it } from "vitest";
import { connect, type LightOptions } from "../src/index.js";
import { play, type Story, settled, thrown } from "./same-story.js";

const misused: Story = async ({ clock, connect, serve }) => {
  serve("a", { info: { max_payload: 10 } });
  const nc = await connect({ servers: "a" });
  const results: unknown[] = [];
  const bad = nc as unknown as Record<string, (...args: unknown[]) => unknown>;
  const call = async (name: string, ...args: unknown[]): Promise<void> => {
    const sync = thrown(() => {
      const result = bad[name]?.(...args);
      if (result instanceof Promise) results.push([JSON.stringify([name, ...args]), settled(result)]);
    });
    results.push([JSON.stringify([name, ...args]), sync]);
  };
  for (const queue of ["", "a b", "q.q", "*", 1, null]) await call("subscribe", "s", { queue });
  for (const max of [0, -1, 1.5, "1", Number.NaN, Number.POSITIVE_INFINITY, null])
    await call("subscribe", "s", { max });
  for (const callback of [1, null, "x"]) await call("subscribe", "s", { callback });
  for (const pending of [1, null, { messages: 0 }, { messages: -1 }, { bytes: 1.5 }, { overflow: "x" }, { else: 1 }])
    await call("subscribe", "s", { pending });
  for (const subject of ["", "a b", "a..b", 1, null, undefined, {}, "*.>", "a.>.b"]) {
    await call("subscribe", subject);
    await call("publish", subject);
    await call("request", subject);
  }
  for (const payload of [1, null, {}, [], new ArrayBuffer(1), new Uint16Array(1), "12345678901", "é".repeat(6)]) {
    await call("publish", "s", payload);
    await call("request", "s", payload);
  }
  for (const reply of ["", "a b", "*", 1, null]) await call("publish", "s", "", { reply });
  await call("publish", "s", "", { headers: null });
  for (const timeout of [0, -1, "1", Number.NaN, Number.POSITIVE_INFINITY, null]) {
    await call("request", "s", "", { timeout });
    await call("flush", { timeout });
  }
  for (const signal of [1, null, {}]) await call("flush", { signal });
  for (const options of [1, "x", null]) {
    await call("publish", "s", "", options);
    await call("subscribe", "s", options);
    await call("request", "s", "", options);
    await call("flush", options);
  }
  await call("on", "nothing", () => {});
  await call("on", "error", 1);
  for (const timeout of [0, -1, "1"]) await call("drain", { timeout });
  return { refusals: await clock.until(Promise.all(results.map((one) => Promise.all(one as unknown[])))) };
};

const misconnected: Story = async ({ begin, clock, serve }) => {
  serve("a");
  const results: unknown[] = [];
  const tried: Record<string, readonly unknown[]> = {
    servers: [
      [],
      "",
      ",",
      "a b",
      "a:99999",
      "a:x",
      "nats://",
      "http://a",
      "a/b",
      "1.2.3",
      "127.1",
      "0x7f.1",
      "2130706433",
      "0177.0.0.1",
      "256.1.1.1",
      "1.2.3.4.5",
      "u:p@1.2.3:4222",
      1,
      [1],
      [""],
      "a,a,",
      "nats://u:%zz@a",
      null,
    ],
    name: [1, "", "n", null],
    timeout: [0, -1, "1", Number.NaN, Number.POSITIVE_INFINITY],
    pingInterval: [0, -1, "1"],
    maxPingOut: [0, 1.5, -1],
    maxReconnectAttempts: [-2, 1.5, 0],
    reconnectTimeWait: [-1, 0, "1"],
    reconnectJitter: [-1, 0],
    reconnectBuffer: [1, null, { bytes: -1 }, { messages: -1 }, { bytes: 0 }],
    maxBufferedBytes: [0, -1, 1.5],
    pending: [{ messages: 0 }, { bytes: -2 }, { messages: -1 }, null],
    inboxPrefix: ["", "a b", "a.*", "a.>", "a.", 1, "_x"],
    firstConnect: ["x", 1],
    waitOnFirstConnect: [1, "yes"],
    noRandomize: [1],
    noEcho: ["yes"],
    signal: [{}, 1],
    transports: [1, [{}]],
    token: [1, ""],
    user: [1],
    authenticator: [1, "x"],
    nothing: [1, undefined],
  };
  for (const [name, values] of Object.entries(tried)) {
    for (const value of values) {
      const options = { servers: "a", timeout: 1_000, [name]: value } as LightOptions;
      const connecting = begin(options);
      const code = await clock.until(settled(connecting));
      if (code === "fulfilled") await clock.until((await connecting).close());
      results.push(`${name}: ${JSON.stringify(value)} ${code}`);
    }
  }
  return results;
};

it("calls are refused like the full client's: some more, none less", async () => {
  type Refusals = { readonly refusals: readonly (readonly [call: string, code: string])[] };
  const full = (await play(misused, connectFull as never)) as Refusals;
  const light = (await play(misused, connect)) as Refusals;
  const refused = full.refusals.flatMap(([, code], index) =>
    /^[A-Z_]+$/.test(code) && code !== "TIMEOUT" ? [index] : [],
  );
  expect(refused.length).toBeGreaterThan(50);
  expect(refused.map((index) => light.refusals[index])).toEqual(refused.map((index) => full.refusals[index]));
});

it("options are refused and taken like the full client's", async () => {
  expect(await play(misconnected, connect)).toEqual(await play(misconnected, connectFull as never));
});
