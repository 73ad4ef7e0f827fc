// Servers that a function of the caller's answers (P32): when it is asked, and what its answers, failures and silences do.

import { zones } from "@myelin/server-pool";
import { describe, expect, it } from "vitest";
import { everyEvent, recorded, rejection, simulate } from "../../test/simulated.js";
import type { ConnectError, ConnectionOptions, FirstConnect } from "../index.js";

/** A resolver that says what it is told to, and when it was asked. */
function resolver(world: ReturnType<typeof simulate>, answer: string | Error) {
  const asked: number[] = [];
  const told = { answer: answer as string | readonly string[] | Error };
  const resolveServers = async (): Promise<string | readonly string[]> => {
    asked.push(world.clock.now());
    if (told.answer instanceof Error) throw told.answer;
    return told.answer;
  };
  return { asked, told, resolveServers };
}

const hosts = (servers: readonly { readonly hostname: string }[]): string[] => servers.map(({ hostname }) => hostname);

describe.each(["fail", "retry", "background"] as const)("firstConnect %s", (firstConnect: FirstConnect) => {
  const connecting = async (world: ReturnType<typeof simulate>, options: ConnectionOptions) => {
    const nc = await world.connect({ noRandomize: true, ...options, firstConnect });
    await world.clock.until(nc.ready);
    return nc;
  };

  it("P32: the servers of the answer are dialled, and nothing before", async () => {
    const world = simulate();
    world.serve("b");
    const { asked, resolveServers } = resolver(world, "a,b");
    const nc = await connecting(world, { resolveServers });
    expect([nc.getServer(), asked, hosts(world.network.dials)]).toEqual(["b:4222", [0], ["a", "b"]]);
    expect(nc.getServers()).toMatchObject([{ origin: "seed" }, { origin: "seed" }]);
    await nc.close();
  });

  it("P32: servers of the list are dialled meanwhile, and an answer that comes late is still waited for", async () => {
    const world = simulate();
    world.serve("b");
    const resolveServers = (): Promise<string> =>
      new Promise((resolve) => void world.clock.after(3_000, () => resolve("b")));
    const nc = await connecting(world, { servers: "a", resolveServers });
    expect([nc.getServer(), world.network.dials[0]]).toMatchObject(["b:4222", { hostname: "a", at: 0 }]);
    expect(world.clock.now()).toBeLessThan(10_000);
    await nc.close();
  });

  it("P32: one that never answers is bounded by timeout, and told to stop", async () => {
    const world = simulate();
    const signals: AbortSignal[] = [];
    const resolveServers = (signal: AbortSignal): Promise<string> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const options = { resolveServers, timeout: 2_000, deadline: 9_000 };
    const error = (await rejection(connecting(world, options))) as ConnectError;
    expect(error.attempts[0]).toMatchObject({
      server: "resolveServers",
      phase: "dns",
      ms: 2_000,
      error: { code: "SERVERS_UNRESOLVED", cause: { code: "TIMEOUT" } },
    });
    expect(world.clock.now()).toBe(firstConnect === "fail" ? 2_000 : 9_000);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    await world.clock.advance(600_000);
    expect([world.clock.pendingTimers, world.network.dials.length]).toEqual([0, 0]);
  });

  it("P32: closing, or the signal, ends the question too", async () => {
    const world = simulate();
    const controller = new AbortController();
    let told: AbortSignal | undefined;
    const resolveServers = (signal: AbortSignal): Promise<string> => {
      told = signal;
      return new Promise(() => {});
    };
    const reason = new Error("never mind");
    world.clock.after(700, () => controller.abort(reason));
    expect(await rejection(connecting(world, { resolveServers, signal: controller.signal }))).toBe(reason);
    expect([told?.aborted, world.clock.now(), world.clock.pendingTimers]).toEqual([true, 700, 0]);
  });
});

it("P32: fail: a first question that fails is the error, with its cause, and nothing goes on", async () => {
  const world = simulate();
  const cause = new Error("no such service");
  const { resolveServers, asked } = resolver(world, cause);
  const error = (await rejection(world.connect({ resolveServers }))) as ConnectError;
  expect(error).toMatchObject({ code: "SERVERS_UNRESOLVED", cause: { cause } });
  expect(error.message).toContain("no such service");
  await world.clock.advance(600_000);
  expect([asked.length, world.clock.pendingTimers]).toEqual([1, 0]);
});

it("P32: retry: it is asked again with growing waits until it answers, and each failure is told", async () => {
  const world = simulate();
  world.serve("a");
  const { resolveServers, asked, told } = resolver(world, new Error("not yet"));
  world.clock.after(100_000, () => {
    told.answer = "a";
  });
  const nc = await world.connect({ resolveServers, firstConnect: "background" });
  const events = recorded(nc, "error", "connect", "update");
  await world.clock.until(nc.ready);
  expect(asked.length).toBeGreaterThan(4);
  expect(asked.length).toBeLessThan(20);
  const codes = events.filter(({ type }) => type === "error");
  expect(codes).toHaveLength(asked.length - 1);
  expect(codes[0]).toMatchObject({ error: { code: "SERVERS_UNRESOLVED", cause: { message: "not yet" } } });
  expect(events.at(-2)).toEqual({ type: "update", added: ["a:4222"], deleted: [] });
  await nc.close();
});

it("P32: it is asked anew when every server known has failed, and the new answer takes the place of the old one", async () => {
  const world = simulate();
  world.serve("a");
  const { resolveServers, asked, told } = resolver(world, "a,b");
  const nc = await world.connect({ resolveServers, noRandomize: true });
  await world.clock.advance(60_000);
  expect(asked).toEqual([0]);
  world.network.refuse("a", 4222);
  world.network.drop("a", 4222);
  await world.clock.advance(10_000);
  expect(asked.length).toBeGreaterThan(2);
  world.serve("c");
  told.answer = ["c", "d"];
  await world.clock.until(nc.flush());
  expect([nc.getServer(), hosts(nc.getServers())]).toEqual(["c:4222", ["c", "d"]]);
  await nc.close();
});

it("P32: however fast every server refuses, it is asked once a second at most, and one question at a time", async () => {
  const world = simulate();
  const asked: number[] = [];
  let open = 0;
  const resolveServers = (): Promise<string> => {
    asked.push(world.clock.now());
    expect(++open).toBe(1);
    return new Promise((resolve) =>
      world.clock.after(300, () => {
        open--;
        resolve("a");
      }),
    );
  };
  const options = { resolveServers, reconnectTimeWait: 100, reconnectJitter: 0, firstConnect: "background" } as const;
  const nc = await world.connect(options);
  await world.clock.advance(20_000);
  expect(asked.length).toBeGreaterThan(5);
  for (const [index, at] of asked.slice(1).entries()) expect(at - (asked[index] ?? 0)).toBeGreaterThanOrEqual(1_000);
  await world.clock.until(nc.close());
});

it.each([
  ["fails", new Error("the resolver is down")],
  ["is empty", []],
  ["cannot be read", ["nats://b:0"]],
])("P32: an answer that %s keeps the servers of the one before, and is told with an error", async (_, answer) => {
  const world = simulate();
  world.serve("a");
  const { resolveServers, told } = resolver(world, "a");
  const nc = await world.connect({ resolveServers });
  const events = everyEvent(nc);
  told.answer = answer;
  await world.clock.advance(5_000);
  world.network.drop("a", 4222);
  await world.clock.settle();
  await world.clock.until(nc.flush());
  expect([nc.getServer(), hosts(nc.getServers())]).toEqual(["a:4222", ["a"]]);
  const errors = events.filter(({ type }) => type === "error");
  expect(errors).toMatchObject([{ error: { code: "SERVERS_UNRESOLVED" } }]);
  await nc.close();
});

it("P32: an answer that comes after its time, or after setServers(), is dropped", async () => {
  const world = simulate();
  const answers: ((servers: string) => void)[] = [];
  const resolveServers = (): Promise<string> => new Promise((resolve) => void answers.push(resolve));
  const options = { servers: "a", resolveServers, timeout: 500, firstConnect: "background" } as const;
  const nc = await world.connect(options);
  const events = everyEvent(nc);
  await world.clock.advance(600);
  answers[0]?.("late");
  await world.clock.settle();
  expect(hosts(nc.getServers())).toEqual(["a"]);
  await world.clock.advance(1_000);
  expect(answers.length).toBe(2);
  nc.setServers("a");
  answers[1]?.("late");
  await world.clock.advance(5_000);
  expect(hosts(nc.getServers())).toEqual(["a"]);
  expect(events.filter(({ type }) => type === "error" || type === "update")).toHaveLength(1);
  await world.clock.until(nc.close());
});

it("P4, P32: what the cluster advertises neither removes an answered server nor is removed by an answer", async () => {
  const world = simulate();
  const a = world.serve("a");
  const { resolveServers, told } = resolver(world, "a,b");
  const nc = await world.connect({ resolveServers, noRandomize: true });
  a.connections[0]?.sendInfo({ connect_urls: ["a:4222", "x:4222"] });
  await world.clock.settle();
  expect(hosts(nc.getServers())).toEqual(["a", "b", "x"]);
  told.answer = "a";
  await world.clock.advance(5_000);
  world.network.drop("a", 4222);
  await world.clock.settle();
  await world.clock.until(nc.flush());
  expect(hosts(nc.getServers())).toEqual(["a", "x"]);
  await nc.close();
});

it("P32: after setServers() the list is the caller's alone", async () => {
  const world = simulate();
  world.serve("z");
  const { resolveServers, asked } = resolver(world, new Error("not yet"));
  const nc = await world.connect({ resolveServers, firstConnect: "background" });
  await world.clock.advance(2_000);
  const before = asked.length;
  nc.setServers("z");
  await world.clock.until(nc.ready);
  world.network.drop("z", 4222);
  world.network.refuse("z", 4222);
  await world.clock.advance(60_000);
  expect([hosts(nc.getServers()), asked.length]).toEqual([["z"], before]);
  await nc.close();
});

it("P23, P32: servers that all refuse us end a first connect when the answer knows no other", async () => {
  const world = simulate();
  world.serve("a", {
    onConnect: (connection) => {
      connection.err("Authorization Violation");
      connection.end();
      return "skip";
    },
  });
  const { resolveServers, told } = resolver(world, "a");
  const error = (await rejection(world.connect({ resolveServers, firstConnect: "retry" }))) as ConnectError;
  expect(error.code).toBe("AUTHORIZATION_VIOLATION");
  told.answer = "a,b";
  world.serve("b");
  const nc = await world.connect({ resolveServers, firstConnect: "retry" });
  expect(nc.getServer()).toBe("b:4222");
  await nc.close();
});

it("P23, P32: a refusal of every server of the list does not end a first connect while others may be answered", async () => {
  const world = simulate();
  world.serve("a", {
    onConnect: (connection) => {
      connection.err("Authorization Violation");
      connection.end();
      return "skip";
    },
  });
  world.serve("b");
  const resolveServers = (): Promise<string> =>
    new Promise((resolve) => void world.clock.after(700, () => resolve("b")));
  const nc = await world.connect({ servers: "a", resolveServers, firstConnect: "retry" });
  expect(nc.getServer()).toBe("b:4222");
  await nc.close();
});

it("P32: the order of an answer that has one is kept, as long as the caller has no strategy of its own", async () => {
  const servers = "near#tier=1,far#tier=2,home#tier=0";
  const chosen = { ordered: new Set<string>(), any: new Set<string>(), own: new Set<string>() };
  for (let seed = 1; seed <= 8; seed++) {
    const world = simulate(seed);
    for (const name of ["far", "near", "home"]) world.serve(name);
    const ordered = Object.assign((): string => servers, { ordered: true });
    const [first, any, own] = [
      await world.connect({ resolveServers: ordered }),
      await world.connect({ resolveServers: () => servers }),
      await world.connect({ resolveServers: ordered, strategy: zones() }),
    ];
    chosen.ordered.add(first.getServer());
    chosen.any.add(any.getServer());
    chosen.own.add(own.getServer());
    await world.clock.until(Promise.all([first.close(), any.close(), own.close()]));
  }
  expect([chosen.ordered, chosen.own]).toEqual([new Set(["near:4222"]), new Set(["home:4222"])]);
  expect(chosen.any.size).toBeGreaterThan(1);
});

it("P32: an answer that fails when the link is back already is told, and is no part of what a later outage ends with", async () => {
  const world = simulate();
  const a = world.serve("a");
  let asked = 0;
  const resolveServers = async (): Promise<string> => {
    if (++asked === 1) return "a";
    await new Promise<void>((resolve) => void world.clock.after(1_000, resolve));
    throw new Error("too late");
  };
  const nc = await world.connect({ resolveServers, maxReconnectAttempts: 1, reconnectJitter: 0 });
  const errors = recorded(nc, "error");
  await world.clock.advance(60_000);
  a.connections.at(-1)?.reset();
  await world.clock.advance(60_000);
  expect([nc.getServer(), errors.length]).toEqual(["a:4222", 1]);
  await a.stop();
  const reason = (await world.clock.until(nc.closed())) as ConnectError;
  // The failure of the question this outage asked, and not the one before.
  expect(reason.attempts.map(({ server }) => server)).toEqual(["nats://a:4222", "resolveServers"]);
});
