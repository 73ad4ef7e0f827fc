// Random programs on one server, which loses its links now and then: with this client and with the full one each call and each counter
// says the same. `MYELIN_SEEDS` makes it long, `MYELIN_FIRST_SEED` begins elsewhere.

import { connect as connectFull } from "@myelin/client";
import { seededRandom } from "@myelin/testing";
import { expect, it } from "vitest";
import { connect, type Msg, type Subscription } from "../src/index.js";
import { counts, last, play, type Story, settled, thrown, told } from "./same-story.js";

const seeds = Number(process.env["MYELIN_SEEDS"] ?? 40);
const first = Number(process.env["MYELIN_FIRST_SEED"] ?? 1);

const program =
  (seed: number): Story =>
  async ({ clock, connect: open, serve }) => {
    const random = seededRandom(seed);
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
    const a = serve("a");
    const nc = await open({ servers: "a", pending: { messages: 20 } });
    const log: unknown[] = [told(nc)];
    const subs: Subscription[] = [];
    const loops = new Map<Subscription, AsyncIterator<Msg>>();
    const pending: Promise<unknown>[] = [];
    // Which of two that end in the same turn is told first says nothing.
    const watch = (what: string, promise: Promise<unknown>): void => {
      const outcome = [what, "pending"];
      log.push(outcome);
      pending.push(
        settled(promise).then((code) => {
          outcome[1] = code;
        }),
      );
    };
    const some = (use: (sub: Subscription) => unknown): void => {
      if (subs.length > 0) use(pick(subs));
    };
    let sent = 0;
    const actions: Readonly<Record<string, () => unknown>> = {
      publish: () => nc.publish(pick(["s", "t"]), String(sent++)),
      burst: () => {
        for (let i = 0; i < 15; i++) nc.publish("s", String(sent++));
      },
      iterate: () => {
        const sub = nc.subscribe(
          pick(["s", "t", "*"]),
          pick([{}, { max: 4 }, { queue: "q" }, { pending: { messages: 3 } }]),
        );
        subs.push(sub);
        if (random() < 0.6) loops.set(sub, sub[Symbol.asyncIterator]());
      },
      callback: () => {
        const heard: string[] = [];
        log.push(heard);
        const fails = random() < 0.2;
        const callback = (_: Error | null, msg: Msg): void => {
          heard.push(msg.string());
          msg.respond("answer");
          if (fails) throw new Error("of a callback");
        };
        subs.push(nc.subscribe(pick(["s", "t"]), { callback, ...pick([{}, { max: 3 }]) }));
      },
      next: () =>
        some((sub) => {
          const loop = loops.get(sub);
          if (loop !== undefined) watch(`next ${subs.indexOf(sub)}`, loop.next());
        }),
      leave: () => some((sub) => void loops.get(sub)?.return?.()),
      unsubscribe: () => some((sub) => sub.unsubscribe(pick([undefined, 1, 5, 30]))),
      drain: () => some((sub) => sub.isDraining() || watch(`drain ${subs.indexOf(sub)}`, sub.drain())),
      request: () => watch("request", nc.request(pick(["s", "nobody"]), "", { timeout: pick([20, 5_000]) })),
      flush: () => watch("flush", nc.flush()),
    };
    for (let step = 0; step < 60; step++) {
      const name = pick(Object.keys(actions));
      log.push(`${step} ${name} ${thrown(() => actions[name]?.())}`);
      if (random() < 0.4) await clock.advance(pick([1, 100]));
      if (random() < 0.05) {
        await clock.until(nc.flush());
        last(a).reset();
        await clock.advance(60_000);
      }
      if (random() < 0.3) {
        await clock.until(nc.flush());
        log.push(subs.map(counts));
      }
    }
    await clock.advance(60_000);
    log.push(subs.map(counts));
    // A second drain tells the first one of the full client nothing.
    const draining = subs.some((sub) => sub.isDraining());
    const ended = settled(draining || random() < 0.5 ? nc.close() : nc.drain({ timeout: 1_000 }));
    log.push(await clock.until(ended), subs.map(counts));
    await clock.until(Promise.all(pending));
    return log;
  };

it(`${seeds} random programs are the same to both`, async () => {
  for (let seed = first; seed < first + seeds; seed++) {
    const full = await play(program(seed), connectFull as never);
    expect(await play(program(seed), connect), `MYELIN_FIRST_SEED=${seed} MYELIN_SEEDS=1 plays it again`).toEqual(full);
  }
});
