// What a subscription makes only when it is asked for, asked for late: its end, its queue. A fake server, virtual time.

import { describe, expect, it } from "vitest";
import { rejection, type Simulation, simulate } from "../../test/simulated.js";
import { type NatsConnection, PermissionViolationError, type Subscription } from "../index.js";

async function scene(): Promise<Simulation & { readonly nc: NatsConnection; deny(subject: string): Promise<void> }> {
  const simulation = simulate();
  const server = simulation.serve("a");
  const nc = await simulation.connect({ servers: "a" });
  const deny = async (subject: string): Promise<void> => {
    await simulation.clock.settle();
    server.connections[0]?.err(`Permissions Violation for Subscription to "${subject}"`);
    await simulation.clock.settle();
  };
  return { ...simulation, nc, deny };
}

const collect = async (sub: Subscription): Promise<string[]> => {
  const texts: string[] = [];
  for await (const msg of sub) texts.push(msg.string());
  return texts;
};

describe("a subscription that is asked late", () => {
  it("tells the error it ended with to who asks for its end, or loops over it, only afterwards; to a loop once", async () => {
    const { deny, nc } = await scene();
    const sub = nc.subscribe("secret");
    await deny("secret");
    expect(sub.isClosed()).toBe(true);
    expect(await sub.closed).toBeInstanceOf(PermissionViolationError);
    expect(sub.closed).toBe(sub.closed);
    expect(await rejection(collect(sub))).toBeInstanceOf(PermissionViolationError);
    const again = nc.subscribe("x");
    again.unsubscribe();
    expect(await collect(again)).toEqual([]);
  });

  it("keeps what came before its end for a loop that begins behind it", async () => {
    const { clock, nc } = await scene();
    const sub = nc.subscribe("x", { max: 2 });
    for (const text of ["1", "2", "3"]) nc.publish("x", text);
    await clock.until(nc.flush());
    expect([sub.isClosed(), sub.getPending(), sub.getPendingBytes(), sub.getProcessed()]).toEqual([true, 2, 2, 0]);
    expect(await collect(sub)).toEqual(["1", "2"]);
    expect([sub.getPending(), sub.getProcessed(), sub.getDropped()]).toEqual([0, 2, 0]);
  });

  it("drains though its iterator was never read, and nothing ever came", async () => {
    const { clock, nc } = await scene();
    const sub = nc.subscribe("x");
    const iterator = sub[Symbol.asyncIterator]();
    await clock.until(sub.drain());
    expect(sub.isClosed()).toBe(true);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("ends a loop that begins while it drains", async () => {
    const { clock, nc } = await scene();
    const sub = nc.subscribe("x");
    const drained = sub.drain();
    const read = collect(sub);
    await clock.until(drained);
    expect(await read).toEqual([]);
  });

  it("lets a loop that was left be followed by another, and by no second one at a time", async () => {
    const { nc } = await scene();
    const sub = nc.subscribe("x");
    const first = sub[Symbol.asyncIterator]();
    expect(() => sub[Symbol.asyncIterator]()).toThrow("has a consumer already");
    await first.return?.();
    expect(await collect(sub)).toEqual([]);
  });
});
