// What is kept during an outage when it is more than was asked for: bounds in bytes and in messages, and the oldest making room.

import { Encoder } from "@myelin/protocol";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { type ConnectionOptions, MaxPayloadError, type NatsConnection, ReconnectBufferFullError } from "../index.js";
import { OutageBuffer } from "./outage-buffer.js";

const FRAME = "PUB x 1\r\n0\r\n".length;

/** A connection whose only server has just gone. */
async function inAnOutage(reconnectBuffer: ConnectionOptions["reconnectBuffer"]): Promise<{
  nc: NatsConnection;
  /** The server is back; answers the payloads it is sent. */
  recover(): Promise<string[]>;
}> {
  const { serve, connect, clock } = simulate();
  const first = serve("a");
  const nc = await connect({ servers: "a", reconnectBuffer });
  await first.stop();
  await clock.settle();
  return {
    nc,
    recover: async () => {
      const again = serve("a");
      await clock.advance(20_000);
      const sent = again.connections.flatMap(({ received }) => received.map(({ text }) => text));
      return sent.filter((text) => text.startsWith("PUB")).map((text) => text.split("\r\n")[1] ?? "");
    },
  };
}

describe("P5: the reconnect buffer", () => {
  it("refuses at once what was too large for the server that is gone", async () => {
    const { nc, recover } = await inAnOutage(undefined);
    nc.publish("x", "1");
    expect(() => nc.publish("x", new Uint8Array(1_048_577))).toThrow(MaxPayloadError);
    expect(await recover()).toEqual(["1"]);
  });

  it("is bounded in messages too, and refuses the newest by default", async () => {
    const { nc, recover } = await inAnOutage({ messages: 3 });
    for (const n of [1, 2, 3]) nc.publish("x", String(n));
    expect(() => nc.publish("x", "4")).toThrow(ReconnectBufferFullError);
    expect(() => nc.publish("x", "4")).toThrow("3 messages");
    expect(await recover()).toEqual(["1", "2", "3"]);
  });

  it.each([
    ["messages", { messages: 3 }],
    ["bytes", { bytes: 3 * FRAME + 1 }],
  ])("drop-old: the oldest make room within its %s, and every one of them is counted and told", async (_, bounds) => {
    const { nc, recover } = await inAnOutage({ ...bounds, overflow: "drop-old" });
    const events = recorded(nc, "dropped");
    for (let n = 0; n < 9; n++) nc.publish("x", String(n));
    expect(nc.stats().droppedMsgs).toBe(6);
    expect(events).toHaveLength(6);
    expect(events[0]).toMatchObject({ messages: 1, bytes: FRAME, reason: "buffer-full" });
    expect(nc.bufferedBytes).toBe(3 * FRAME);
    expect(await recover()).toEqual(["6", "7", "8"]);
    expect(nc.stats().droppedMsgs).toBe(6);
  });

  it("drop-old: one large message takes the room of many, and one larger than all of it is refused", async () => {
    const { nc, recover } = await inAnOutage({ bytes: 10 * FRAME, overflow: "drop-old" });
    for (let n = 0; n < 10; n++) nc.publish("x", String(n));
    expect(() => nc.publish("x", "y".repeat(10 * FRAME))).toThrow(ReconnectBufferFullError);
    expect(nc.stats().droppedMsgs).toBe(0);
    nc.publish("x", "y".repeat(5 * FRAME));
    expect(nc.stats().droppedMsgs).toBe(6);
    expect((await recover()).map((payload) => payload.length)).toEqual([1, 1, 1, 1, 5 * FRAME]);
  });

  it("drop-old: a request that makes room rejects at once, and one withdrawn leaves its room", async () => {
    const { nc, recover } = await inAnOutage({ messages: 2, overflow: "drop-old" });
    const evicted = rejection(nc.request("q", "first", { timeout: 60_000 }));
    const aborted = new AbortController();
    const withdrawn = rejection(nc.request("q", "second", { timeout: 60_000, signal: aborted.signal }));
    nc.publish("x", "1");
    expect(await evicted).toMatchObject({ code: "RECONNECT_BUFFER_FULL", subject: "q" });
    aborted.abort(new Error("enough"));
    await withdrawn;
    nc.publish("x", "2");
    expect(nc.stats().droppedMsgs).toBe(1);
    expect(await recover()).toEqual(["1", "2"]);
  });
});

it("RECONN-BUFFER-4: what a lost link had not handed on is replayed before what was published later", () => {
  const encoder = new Encoder();
  encoder.pub("x", undefined, "1");
  const backlog = encoder.take() ?? new Uint8Array(0);
  const kept = new OutageBuffer({ bytes: 1_000, messages: 10, overflow: "error" }, false);
  kept.publish("x", undefined, undefined, "2");
  expect(kept.adopt([backlog], () => false)).toEqual({ messages: 0, bytes: 0 });
  const sent: string[] = [];
  kept.replay({
    maxPayload: 100,
    headers: true,
    append: (frame) => void sent.push(new TextDecoder().decode(frame)),
  });
  expect(sent).toEqual(["PUB x 1\r\n1\r\n", "PUB x 1\r\n2\r\n"]);
});
