import type { ServerView } from "@myelin/server-pool";
import { describe, expect, it } from "vitest";
import { healthOf } from "./frame.js";

const idle = {
  state: "idle",
  lameDuck: false,
  eligibleAt: Number.NEGATIVE_INFINITY,
  consecutiveFailures: 0,
  everConnected: false,
  lastFailure: undefined,
  lastConnectedAt: undefined,
} as ServerView;

describe("healthOf", () => {
  it.each<[string, ServerView | undefined, string]>([
    ["a server that is not in the pool", undefined, "left with the gossip"],
    ["ours", { ...idle, state: "connected" }, "connected"],
    ["ours, leaving", { ...idle, state: "connected", lameDuck: true }, "connected, but it will leave"],
    ["one being dialled", { ...idle, state: "dialing" }, "being dialled"],
    ["a fresh one", idle, "ready"],
    ["one that served us", { ...idle, everConnected: true }, "ready, served us before"],
    [
      "one that must wait",
      { ...idle, consecutiveFailures: 2, eligibleAt: 1300 },
      "2 failed in a row, not before 300 ms",
    ],
    [
      "one whose link was lost",
      { ...idle, everConnected: true, lastConnectedAt: 5, lastFailure: { kind: "lost", error: new Error("x"), at: 9 } },
      "our link to it was lost",
    ],
    ["one that announced its leaving", { ...idle, lameDuck: true }, "lame duck"],
  ])("describes %s", (_what, view, words) => {
    expect(healthOf(view, 1000)).toBe(words);
  });
});
