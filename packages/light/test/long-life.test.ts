// What a connection holds after a thousand links, and two of them in one page.

import { expect, it, vi } from "vitest";
import { rejection, simulate } from "./simulated.js";

it("holds after 1 000 links what it held after one: no timer, no listener of a signal, no request, no subscription more", async () => {
  const { signal } = new AbortController();
  const [listening, leaving] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
  const { clock, connect, serve } = simulate();
  const a = serve("a");
  const nc = await connect({ servers: "a", reconnectTimeWait: 1, reconnectJitter: 0 });
  nc.subscribe("s", { callback: () => {} });
  nc.subscribe("silent");
  await rejection(clock.until(nc.request("silent", "", { timeout: 10 })));
  const held = (): unknown => [clock.pendingTimers, a.subscriptions.length];
  const before = held();
  for (let round = 0; round < 1_000; round++) {
    const asked = rejection(nc.request("silent", "", { timeout: 60_000, signal }));
    const flushed = clock.until(nc.flush({ timeout: 60_000, signal }));
    nc.subscribe("once").unsubscribe();
    await flushed;
    a.connections.at(-1)?.reset();
    expect((await clock.until(asked)).code).toBe("DISCONNECTED");
    await clock.until(nc.writable());
  }
  await clock.until(nc.flush());
  expect(held()).toEqual(before);
  expect(listening).toHaveBeenCalledTimes(2_000);
  expect(leaving).toHaveBeenCalledTimes(2_000);
  await clock.until(nc.close());
  expect(clock.pendingTimers).toBe(0);
});

it("is one of several in a page: none hears or ends what is another's", async () => {
  const { clock, connect, serve } = simulate();
  const [a, b] = [serve("a"), serve("b")];
  const [one, other] = [await connect({ servers: "a" }), await connect({ servers: "b" })];
  const heard: string[] = [];
  other.on("disconnect", () => heard.push("disconnect"));
  other.subscribe("s", { callback: (_, msg) => void msg.respond("other") });
  one.subscribe("s", { callback: (_, msg) => void msg.respond("one") });
  const asked = rejection(one.request("nobody", "", { timeout: 50 }));
  await a.stop();
  await clock.advance(1_000);
  await clock.until(one.close());
  await asked;
  expect((await clock.until(other.request("s"))).string()).toBe("other");
  expect([heard, other.state, b.connections.length]).toEqual([[], "connected", 1]);
  await clock.until(other.close());
  expect(clock.pendingTimers).toBe(0);
});
