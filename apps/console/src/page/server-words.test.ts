import type { ServerInfo, ServerView } from "myelin";
import { expect, it } from "vitest";
import { durationOf, isStandIn, rowOf, serverOf } from "./server-words.js";

const NOW = 100_000;

function view(more: Partial<ServerView> = {}): ServerView {
  return {
    id: 1,
    url: { href: "ws://a:80" } as ServerView["url"],
    origin: "seed",
    learnedFrom: undefined,
    labels: {},
    serverName: "a",
    state: "idle",
    everConnected: true,
    consecutiveFailures: 0,
    lastFailure: undefined,
    lastDialAt: undefined,
    lastConnectedAt: undefined,
    rtt: undefined,
    serverId: undefined,
    listed: undefined,
    eligibleAt: Number.NEGATIVE_INFINITY,
    reason: "ranks below ws://b:80",
    lameDuck: false,
    ...more,
  };
}

const failure = { kind: "network", error: new Error("ws://a:80 refused the connection"), at: NOW - 4_000 } as const;

it("a server that serves us shows its round trip, and that it failed once, without the details", () => {
  const row = rowOf(
    view({ state: "connected", rtt: 0.42, reason: "chosen", lastFailure: failure }),
    NOW,
    "the first that answered",
  );
  expect(row).toEqual({
    url: "ws://a:80",
    health: "connected",
    origin: "seed",
    rtt: "0.4 ms",
    reason: "the first that answered",
    trouble: "last network failure 4.0 s ago",
    next: "",
  });
});

it("one that waits counts down to its next attempt, and says why it waits and what went wrong", () => {
  const waiting = view({
    origin: "gossip",
    learnedFrom: "ws://b:80/",
    consecutiveFailures: 3,
    lastFailure: failure,
    eligibleAt: NOW + 3_210,
    reason: "backing off for 4.0 s after a network failure",
  });
  expect(rowOf(waiting, NOW)).toEqual({
    url: "ws://a:80",
    health: "waiting",
    origin: "told of by b:80",
    rtt: "",
    reason: "backing off after a network failure",
    trouble: "3 failures in a row, the last 4.0 s ago: it refused the connection.",
    next: "next attempt in 3.2 s",
  });
  const paced = { ...waiting, reason: "every server waits 120 ms after the failure before" };
  expect(rowOf(paced, NOW).reason).toBe("every server waits after the failure before");
  expect(rowOf({ ...waiting, consecutiveFailures: 1 }, NOW).trouble).toBe("4.0 s ago: it refused the connection.");
});

it.each<[Partial<ServerView>, string]>([
  [{}, "ready"],
  [{ consecutiveFailures: 1 }, "failed"],
  [{ lameDuck: true }, "leaving"],
  [{ lameDuck: true, state: "connected" }, "leaving"],
  [{ state: "dialing" }, "dialling"],
  [{ eligibleAt: NOW + 1, consecutiveFailures: 1 }, "waiting"],
  [{ eligibleAt: NOW + 1, state: "connected" }, "connected"],
])("%j is %s", (more, health) => expect(rowOf(view(more), NOW).health).toBe(health));

it.each([
  [-5, "0.0 ms"],
  [9.96, "10.0 ms"],
  [120.4, "120 ms"],
  [3_210, "3.2 s"],
  [240_000, "4 min"],
  [7_200_000, "2 h"],
])("%d ms are %s", (ms, words) => expect(durationOf(ms)).toBe(words));

it("a broker is called a stand-in, a server by its name and version, and nothing before any has spoken", () => {
  const info = (more: Partial<ServerInfo>): ServerInfo =>
    ({ server_name: "a-1", version: "2.15.1", go: "go1.27.2", ...more }) as ServerInfo;
  expect(serverOf(info({}))).toBe("a-1, nats-server 2.15.1");
  expect(serverOf(info({ go: "none" }))).toBe("a-1, a stand-in for nats-server 2.15.1");
  expect([undefined, info({}), info({ go: "none" })].map(isStandIn)).toEqual([false, false, true]);
});
