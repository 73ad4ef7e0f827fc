// What silence is, to a page that itself stands still now and then: a task of seconds, timers that are put off. Virtual time.

import type { Clock } from "@myelin/contracts";
import { VirtualClock } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { type KeepAlive, keepAlive } from "./keep-alive.js";

interface Watched {
  readonly clock: VirtualClock;
  readonly told: string[];
  readonly own: KeepAlive;
}

/**
 * A link whose page stands still from `from` for `ms`: what falls due meanwhile runs late, and only then is heard what has come.
 *
 * @param rtt milliseconds from a PING to its PONG; without, none comes
 */
function watched(interval: number, maxPingOut: number, from: number, ms: number, rtt?: number): Watched {
  const clock = new VirtualClock();
  const told: string[] = [];
  const pinged = (): void => {
    told.push("ping");
    if (rtt === undefined) return;
    const arrives = clock.now() + rtt;
    const heard = arrives >= from && arrives < from + ms ? from + ms : arrives;
    clock.after(heard - clock.now(), () => own.inbound());
  };
  const own = keepAlive(clock, interval, maxPingOut, pinged, () => void told.push("stale"));
  return { clock, told, own };
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

describe("a page that stands still", () => {
  it("P52: never gives up a server whose answer waits to be heard, nor one it has not asked, with any interval", async () => {
    for (const [interval, maxPingOut] of [
      [100, 1],
      [500, 1],
      [20_000, 1],
      [20_000, 2],
    ] as const) {
      const longest = Math.max(interval, 1_000);
      for (let from = 0; from < interval * 2.5; from += interval / 4) {
        for (const ms of [interval * 0.2, interval * 0.7, longest * 0.6, longest * 0.99, longest * 2.5]) {
          for (const [later, writes] of [
            [0.1, false],
            [0.1, true],
            [0.2, false],
            [0.2, true],
          ] as const) {
            const begin = from + interval * later;
            const { clock, told, own } = watched(interval, maxPingOut, begin, ms, interval / 20);
            await clock.advance(begin);
            if (writes) own.outbound();
            await clock.stall(ms);
            await clock.advance(interval * 4);
            expect(told, JSON.stringify({ interval, maxPingOut, begin, ms, writes })).not.toContain("stale");
            own.stop();
          }
        }
      }
    }
  });

  it("P52: hears what has come before it gives up, though it is hardly late", async () => {
    // Asked at 500 ms, answered at 950 ms, and the check of 1000 ms comes at 1050 ms.
    const { clock, told, own } = watched(500, 1, 940, 110, 450);
    await clock.advance(940);
    await clock.stall(110);
    await clock.advance(50);
    expect(told).toEqual(["ping"]);
    own.stop();
  });

  it("P52: hears what has come before it gives up, though it stood still again while it waited for the answer", async () => {
    // Asked at 5100 ms, answered at 5105 ms, and heard at 7602 ms.
    const { clock, told, own } = watched(500, 1, 5_102, 2_500, 5);
    await clock.advance(100);
    await clock.stall(5_000);
    await clock.advance(2);
    await clock.stall(2_500);
    await clock.advance(100);
    expect(told).toEqual(["ping"]);
    own.stop();
  });

  it("P52: gives a peer its time from when the PING has left, though it stood still again before that", () => {
    const clock = new Turns();
    const told: string[] = [];
    const pinged = (): void => {
      told.push("ping");
      clock.endOfTurn(() => clock.after(50, () => own.inbound()));
    };
    const own = keepAlive(clock, 500, 1, pinged, () => void told.push("stale"));
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

  it("a write is as long unanswered as it was listened for", async () => {
    // Written at 1 ms, asked at 250 ms; the PING leaves only at 600 ms.
    const { clock, told, own } = watched(500, 1, 250, 350, 450);
    clock.after(1, () => own.outbound());
    await clock.advance(250);
    await clock.stall(350);
    await clock.advance(200);
    expect(told).toEqual(["ping"]);
    own.stop();
  });

  it("gives up a silent one once it has listened for as long as without; asked after a jump, once two seconds have passed", async () => {
    const short = watched(500, 1, 400, 990);
    await short.clock.advance(400);
    await short.clock.stall(990);
    await short.clock.advance(450);
    expect(short.told).toEqual(["ping"]);
    await short.clock.advance(60);
    expect(short.told).toEqual(["ping", "stale"]);
    short.own.stop();
    const long = watched(500, 1, 400, 10_000);
    await long.clock.advance(400);
    await long.clock.stall(10_000);
    await long.clock.advance(1_990);
    expect(long.told).toEqual(["ping"]);
    await long.clock.advance(10);
    expect(long.told).toEqual(["ping", "stale"]);
    long.own.stop();
    // What passed outside alone was never taken for silence.
    const asleep = watched(500, 1, 0, 0);
    asleep.clock.sleep(900);
    await asleep.clock.advance(1_010);
    expect(asleep.told).toEqual(["ping"]);
    await asleep.clock.advance(140);
    expect(asleep.told).toEqual(["ping", "stale"]);
    asleep.own.stop();
  });

  it("gives up a silent one though every check comes late, and nobody once it is stopped", async () => {
    const { clock, told, own } = watched(500, 1, 0, 0);
    for (let i = 0; i < 20; i++) await clock.stall(700);
    expect(told.slice(0, 2)).toEqual(["ping", "stale"]);
    own.stop();
    const other = watched(500, 1, 0, 0);
    await other.clock.advance(999);
    other.clock.after(1, () => other.own.stop());
    await other.clock.advance(2_000);
    expect([other.told, other.clock.pendingTimers]).toEqual([["ping"], 0]);
  });
});
