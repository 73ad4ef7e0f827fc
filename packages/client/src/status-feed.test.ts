import { describe, expect, it } from "vitest";
import type { Status, StatusOf } from "./status.js";
import { STATUS_BACKLOG, StatusFeed } from "./status-feed.js";

const ping = (pendingPings: number): StatusOf<"ping"> => ({ type: "ping", epoch: 1, pendingPings });
const close: StatusOf<"close"> = { type: "close", error: undefined };

describe("StatusFeed", () => {
  it("P21: an iterator nobody reads holds the last 128 events, and says how many it dropped before them", async () => {
    const feed = new StatusFeed();
    const iterator = feed.iterate();
    for (let i = 1; i <= 10_000; i++) feed.emit(ping(i));
    feed.emit(close);
    const seen: Status[] = [];
    for await (const status of iterator) seen.push(status);
    expect(seen).toHaveLength(STATUS_BACKLOG + 1);
    expect(seen[0]).toEqual({ type: "gap", dropped: 10_001 - STATUS_BACKLOG });
    expect(seen.slice(1)).toEqual([...Array.from({ length: 127 }, (_, index) => ping(9_874 + index)), close]);
  });

  it("P21: a gap stands where the events are missing, once for each time they were not read; listeners miss none", async () => {
    const feed = new StatusFeed();
    const iterator = feed.iterate();
    let heard = 0;
    feed.on("ping", () => heard++);
    const burst = (count: number): void => {
      for (let i = 0; i < count; i++) feed.emit(ping(i));
    };
    burst(STATUS_BACKLOG);
    expect((await iterator.next()).value).toEqual(ping(0));
    burst(3);
    expect((await iterator.next()).value).toEqual({ type: "gap", dropped: 2 });
    expect((await iterator.next()).value).toEqual(ping(3));
    burst(2);
    expect((await iterator.next()).value).toEqual({ type: "gap", dropped: 1 });
    expect((await iterator.next()).value).toEqual(ping(5));
    expect(heard).toBe(STATUS_BACKLOG + 5);
    await iterator.return?.();
    expect((await iterator.next()).done).toBe(true);
  });

  it("P21: an event told from within a listener comes after the one being told, for listeners and iterators alike", async () => {
    const feed = new StatusFeed();
    const heard: string[] = [];
    feed.on("ping", () => {
      feed.emit(close);
      heard.push("first");
    });
    feed.on("ping", () => heard.push("second"));
    feed.on("close", () => heard.push("close"));
    const iterator = feed.iterate();
    feed.emit(ping(1));
    expect(heard).toEqual(["first", "second", "close"]);
    expect((await iterator.next()).value).toEqual(ping(1));
    expect((await iterator.next()).value).toEqual(close);
    expect((await iterator.next()).done).toBe(true);
  });

  it("P21: nothing is told after close, and an iterator made after it ends at once", async () => {
    const feed = new StatusFeed();
    const heard: string[] = [];
    feed.on("error", () => heard.push("error"));
    feed.on("close", () => {
      heard.push("close");
      throw new Error("mine");
    });
    feed.emit(close);
    feed.emit({ type: "error", error: new Error("late") });
    feed.emit(close);
    expect(heard).toEqual(["close"]);
    expect((await feed.iterate().next()).done).toBe(true);
  });

  it("refuses a type there is not, and what is no listener", () => {
    const feed = new StatusFeed();
    expect(() => feed.on("pingg" as "ping", () => {})).toThrow(
      'type: "pingg" is not a status event; did you mean ping?',
    );
    expect(() => feed.on("gap" as "ping", () => {})).toThrow("is not a status event");
    expect(() => feed.on("ping", "x" as never)).toThrow("listener: must be a function");
  });

  it("gives every event to every iterator in order, and ends them after close", async () => {
    const feed = new StatusFeed();
    const [first, second] = [feed.iterate(), feed.iterate()];
    const waiting = first.next();
    feed.emit(ping(1));
    expect(await waiting).toEqual({ done: false, value: ping(1) });
    feed.emit(close);
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
    expect(told).toEqual([ping(1), expect.objectContaining({ type: "error" })]);
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
