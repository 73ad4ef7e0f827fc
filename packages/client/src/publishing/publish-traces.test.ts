// P22: an error event of a denied publish tells who published, when that was asked for.

import { describe, expect, it } from "vitest";
import { recorded, simulate } from "../../test/simulated.js";
import type { NatsConnection } from "../index.js";

function publishesFromHere(nc: NatsConnection, subject: string): void {
  nc.publish(subject, "");
}

describe("publishTraces", () => {
  it.each([
    [true, 1],
    [false, 0],
  ])("P22: %s: the stack of a denial names its caller %i times", async (publishTraces, times) => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", publishTraces });
    const events = recorded(nc, "error");
    publishesFromHere(nc, "secret");
    server.connections.at(-1)?.err('Permissions Violation for Publish to "secret"');
    server.connections.at(-1)?.err('Permissions Violation for Publish to "never"');
    await clock.advance(10);
    const stacks = events.map((event) => ("error" in event ? (event.error?.stack ?? "") : ""));
    expect(events).toMatchObject([{ error: { subject: "secret" } }, { error: { subject: "never" } }]);
    expect(stacks[0]?.split("publishesFromHere").length).toBe(times + 1);
    expect(stacks[1]).not.toContain("called from");
  });

  it("remembers the latest place, of the last thousand subjects", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", publishTraces: true });
    const events = recorded(nc, "error");
    publishesFromHere(nc, "first");
    nc.publish("again", "");
    for (let n = 0; n < 999; n++) nc.publish(`s.${n}`, "");
    publishesFromHere(nc, "again");
    for (const subject of ["first", "again"]) {
      server.connections.at(-1)?.err(`Permissions Violation for Publish to "${subject}"`);
    }
    await clock.advance(10);
    const stacks = events.map((event) => ("error" in event ? (event.error?.stack ?? "") : ""));
    expect(stacks.map((stack) => stack.includes("publishesFromHere"))).toEqual([false, true]);
  });
});
