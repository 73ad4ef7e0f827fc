// P52: what a jump of the clock is taken for. Silence without one is silence.test.ts.

import type { Clock } from "@myelin/contracts";
import { VirtualClock } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, simulate } from "../../test/simulated.js";
import { KeepAlive } from "./keep-alive.js";

describe("a jump of the clock", () => {
  it("P52: after the machine slept the peer is asked at once, and a dead one is left within two seconds more", async () => {
    const { serve, connect, clock, network } = simulate();
    serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const events = recorded(nc, "ping", "staleConnection", "reconnect");
    network.blackHole("a", 4222);
    clock.sleep(10 * 60_000);
    // The next tick comes within a quarter of pingInterval.
    await clock.advance(5_000);
    expect(events.map(({ type }) => type)).toEqual(["ping"]);
    await clock.advance(2_200);
    expect(events.map(({ type }) => type)).toEqual(["ping", "staleConnection", "reconnect"]);
    expect(nc.getServer()).toBe("b:4222");
  });

  it("P52: a peer that answers is kept, however long the silence was", async () => {
    const { serve, connect, clock } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "ping", "staleConnection", "disconnect");
    clock.sleep(8 * 3_600_000);
    await clock.advance(30_000);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(["ping"]));
    expect(nc.state).toBe("connected");
  });

  it("P52: a process that stood still concludes nothing from a silence it did not hear", async () => {
    const { serve, connect, clock } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "staleConnection", "disconnect");
    await clock.stall(10 * 60_000);
    await clock.advance(10_000);
    expect(events).toEqual([]);
    expect(nc.state).toBe("connected");
  });

  it("a wall clock that is set back means nothing", async () => {
    const { serve, connect, clock } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const pings = recorded(nc, "ping");
    clock.sleep(-3_600_000);
    await clock.advance(15_000);
    expect(pings).toEqual([]);
    expect(nc.state).toBe("connected");
  });
});

interface Standstill {
  readonly from: number;
  readonly ms: number;
}

/** A process that stands still now and then: what falls due meanwhile runs late, and only then is read what has come. */
class Standstills {
  readonly clock = new VirtualClock({ resolution: 1 });
  readonly told: string[] = [];
  readonly keepAlive: KeepAlive;
  readonly #stalls: readonly Standstill[];

  /** @param rtt milliseconds from a PING that leaves to its PONG that arrives; without, none does */
  constructor(interval: number, maxPingOut: number, stalls: readonly Standstill[], rtt?: number) {
    this.#stalls = stalls;
    this.keepAlive = new KeepAlive(this.clock, interval, maxPingOut, {
      keepAlivePing: () => {
        this.told.push("ping");
        if (rtt === undefined) return;
        const read = this.#awake(this.#awake(this.clock.now()) + rtt);
        this.clock.after(read - this.clock.now(), () => this.keepAlive.inbound());
      },
      stale: () => this.told.push("stale"),
    });
    this.keepAlive.start();
  }

  /** Until `end`, with all that it stands still. */
  async until(end: number, atFirst: () => void = () => {}): Promise<void> {
    for (const [index, { from, ms }] of this.#stalls.entries()) {
      await this.clock.advance(from - this.clock.now());
      if (index === 0) atFirst();
      await this.clock.stall(ms);
    }
    await this.clock.advance(end - this.clock.now());
  }

  #awake(at: number): number {
    return this.#stalls.reduce((then, { from, ms }) => (then >= from && then < from + ms ? from + ms : then), at);
  }
}

/** Time in turns: a task may stand still behind a timer, before what its turn writes has left. */
class Turns implements Clock {
  #now = 0;
  #timers: { readonly due: number; readonly run: () => void }[] = [];
  #work: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { due: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  endOfTurn(run: () => void): void {
    this.#work.push(run);
  }

  standStill(ms: number): void {
    this.#now += ms;
  }

  /** Runs what is due until then; `task` runs in the turn of each timer, behind it. */
  until(end: number, task: () => void): void {
    for (;;) {
      const next = this.#timers.sort((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > end) return;
      this.#timers.shift();
      this.#now = Math.max(this.#now, next.due);
      next.run();
      task();
      for (const run of this.#work.splice(0)) run();
    }
  }
}

describe("a process that stands still for less than a jump", () => {
  it("P52, D16: never gives up a peer whose answer waits to be read, nor one it has not asked, with any interval", async () => {
    for (const [interval, maxPingOut] of [
      [100, 1],
      [500, 1],
      [20_000, 1],
      [20_000, 2],
    ] as const) {
      const longest = Math.max(interval, 1_000);
      for (let from = 0; from < interval * 2.5; from += interval / 4) {
        for (const ms of [interval * 0.2, interval * 0.7, longest * 0.6, longest * 0.99, longest * 2.5]) {
          // At a check, when what is written has not left yet, and after it.
          for (const later of [0, 0.1, 0.2]) {
            for (const writes of [false, true]) {
              const stall = { from: Math.round(from + interval * later), ms: Math.round(ms) };
              const world = new Standstills(interval, maxPingOut, [stall], interval / 20);
              await world.until(interval * 9, () => void (writes && world.keepAlive.outbound()));
              expect(world.told, JSON.stringify({ interval, maxPingOut, stall, writes })).not.toContain("stale");
              world.keepAlive.stop();
            }
          }
        }
      }
    }
  });

  it("P52, D16: reads what has come before it gives up, though it is hardly late", async () => {
    // Asked at 500 ms, answered at 950 ms, and the check of 1000 ms comes at 1050 ms.
    const world = new Standstills(500, 1, [{ from: 940, ms: 110 }], 450);
    await world.until(1_100);
    expect(world.told).toEqual(["ping"]);
    world.keepAlive.stop();
  });

  it("P52: reads what has come before it gives up, though it stood still again while it waited for the answer", async () => {
    const world = new Standstills(
      500,
      1,
      [
        { from: 100, ms: 5_000 },
        { from: 5_102, ms: 2_500 },
      ],
      5,
    );
    await world.until(7_800);
    expect(world.told).toEqual(["ping"]);
    world.keepAlive.stop();
  });

  it("P52: gives a peer its time from when the PING has left, though it stood still again before that", () => {
    const clock = new Turns();
    const told: string[] = [];
    const pinged = (): void => {
      told.push("ping");
      clock.endOfTurn(() => clock.after(50, () => own.inbound()));
    };
    const own = new KeepAlive(clock, 500, 1, { keepAlivePing: pinged, stale: () => told.push("stale") });
    own.start();
    clock.standStill(5_000);
    let again = true;
    clock.until(8_000, () => {
      if (told.length === 1 && again) clock.standStill(2_500);
      if (told.length === 1) again = false;
    });
    expect(told.slice(0, 1)).toEqual(["ping"]);
    expect(told).not.toContain("stale");
    own.stop();
  });

  it("D16: a write is as long unanswered as it was listened for", async () => {
    // Written at 1 ms, asked at 250 ms; the PING leaves only at 600 ms.
    const world = new Standstills(500, 1, [{ from: 250, ms: 350 }], 100);
    world.clock.after(1, () => world.keepAlive.outbound());
    await world.until(800);
    expect(world.told).toEqual(["ping"]);
    world.keepAlive.stop();
  });

  it("D16: gives up one that is silent, once it has listened for as long as without", async () => {
    for (const from of [1, 400, 700]) {
      // Without it would be after 1000 ms.
      const world = new Standstills(500, 1, [{ from, ms: 990 }]);
      await world.until(1_850);
      expect(world.told).toEqual(["ping"]);
      await world.until(1_950);
      expect(world.told).toEqual(["ping", "stale"]);
      world.keepAlive.stop();
    }
    // What passed outside alone was never taken for silence.
    const asleep = new Standstills(500, 1, []);
    asleep.clock.sleep(900);
    await asleep.until(1_150);
    expect(asleep.told).toEqual(["ping", "stale"]);
    asleep.keepAlive.stop();
  });

  it("D16: gives up one that is silent though every check comes late", async () => {
    const world = new Standstills(500, 1, []);
    for (let i = 0; i < 20; i++) await world.clock.stall(700);
    expect(world.told.slice(0, 2)).toEqual(["ping", "stale"]);
    world.keepAlive.stop();
  });

  it("concludes nothing once it is stopped, not even what it was about to", async () => {
    for (const atLast of [false, true]) {
      const world = new Standstills(500, 1, []);
      const stop = (): void => world.keepAlive.stop();
      await world.until(999);
      // With the check, or in the turn that would conclude.
      world.clock.after(1, atLast ? () => void world.clock.after(0, stop) : stop);
      await world.until(3_000);
      expect(world.told).toEqual(["ping"]);
      expect(world.clock.pendingTimers).toBe(0);
    }
  });
});
