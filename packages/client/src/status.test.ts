import { describe, expect, it } from "vitest";
import { STATUS_BACKLOG, type Status, StatusFeed } from "./status.js";

const ping = (pendingPings: number): Status => ({ type: "ping", pendingPings });

describe("StatusFeed", () => {
  it("P21: an iterator nobody reads holds the last 128 events and no more", async () => {
    const feed = new StatusFeed();
    const iterator = feed.iterate();
    for (let i = 0; i < 10_000; i++) feed.emit(ping(i));
    feed.emit({ type: "close", error: undefined });
    const seen: Status[] = [];
    for await (const status of iterator) seen.push(status);
    expect(seen).toHaveLength(STATUS_BACKLOG);
    expect(seen.at(-1)).toEqual({ type: "close", error: undefined });
  });

  it("gives every event to every iterator in order, and ends them after close", async () => {
    const feed = new StatusFeed();
    const [first, second] = [feed.iterate(), feed.iterate()];
    const waiting = first.next();
    feed.emit(ping(1));
    expect(await waiting).toEqual({ done: false, value: ping(1) });
    feed.emit({ type: "close", error: undefined });
    expect((await first.next()).value).toMatchObject({ type: "close" });
    expect((await first.next()).done).toBe(true);
    expect((await second.next()).value).toEqual(ping(1));
  });

  it("D13: a throwing listener is reported and stops no other; one of error events is not told of itself for ever", () => {
    const feed = new StatusFeed();
    const told: Status[] = [];
    feed.on("ping", () => {
      throw new Error("mine");
    });
    feed.on("ping", (status) => told.push(status));
    feed.on("error", (status) => told.push(status));
    feed.on("error", () => {
      throw new Error("mine too");
    });
    feed.emit(ping(1));
    expect(told).toEqual([expect.objectContaining({ type: "error" }), ping(1)]);
  });

  it("a listener that was removed is not called again", () => {
    const feed = new StatusFeed();
    let calls = 0;
    const stop = feed.on("ping", () => calls++);
    feed.emit(ping(1));
    stop();
    feed.emit(ping(2));
    expect(calls).toBe(1);
  });
});
