// When authenticators are asked, what a failing one costs, and that short-lived credentials keep a connection for good.
// Signing is the business of @myelin/credentials; real servers are in packages/myelin/test/authentication.test.ts.

import { expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { type Authenticator, CallbackError, ConnectError, TimeoutError } from "../index.js";

it("P2: tokens of 1 s through 30 expiries lose no subscription and never close, though the token service fails at times", async () => {
  const world = simulate();
  const { clock } = world;
  let asked = 0;
  // Takes 3 s, longer than a server would wait after INFO.
  const authenticator = async (): Promise<{ auth_token: string }> => {
    asked++;
    const fails = asked % 4 === 0;
    await new Promise<void>((resolve) => clock.after(3000, resolve));
    if (fails) throw new Error("the token service is away");
    return { auth_token: String(clock.now()) };
  };
  let refused = 0;
  const server = world.serve("a", {
    onConnect: (connection, options) => {
      if (clock.now() - Number(options.auth_token) < 1000) {
        clock.after(1000, () => {
          if (!connection.isOpen) return;
          connection.err("User Authentication Expired");
          connection.end();
        });
        return undefined;
      }
      refused++;
      connection.err("Authorization Violation");
      connection.end();
      return "skip";
    },
  });
  const nc = await world.connect({ servers: "a", authenticator });
  const events = recorded(nc, "disconnect", "reconnect", "attemptFailed", "close");
  const got: string[] = [];
  for (const subject of ["one", "two", "three"]) {
    nc.subscribe(subject, { callback: (_, msg) => void got.push(msg.subject) });
  }
  const times = (type: string): number => events.filter((event) => event.type === type).length;
  while (times("reconnect") < 30) {
    const before = times("reconnect");
    for (let step = 0; times("reconnect") === before; step++) {
      if (step > 1000) expect.unreachable("it did not come back");
      await clock.advance(100);
    }
    expect(server.subscriptions.map(({ subject }) => subject).sort()).toEqual(["one", "three", "two"]);
  }
  for (const subject of ["one", "two", "three"]) nc.publish(subject);
  await clock.until(nc.flush());
  expect(got.slice(-3)).toEqual(["one", "two", "three"]);
  expect({ closes: times("close"), refused, losses: times("disconnect") }).toEqual({
    closes: 0,
    refused: 0,
    losses: 30,
  });
  expect(asked).toBe(1 + 30 + times("attemptFailed"));
  expect(times("attemptFailed")).toBeGreaterThan(5);
  await clock.until(nc.close());
});

it("P2: a rejection fails that attempt only, with its cause, and nothing was dialled", async () => {
  const world = simulate();
  const server = world.serve("a");
  const away = new Error("the token service is away");
  const authenticator = (): Promise<never> => Promise.reject(away);
  const error = (await rejection(world.connect({ servers: "a", authenticator }))) as ConnectError;
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.attempts).toMatchObject([{ phase: "auth" }]);
  expect(error.attempts[0]?.error).toBeInstanceOf(CallbackError);
  expect(error.attempts[0]?.error.cause).toBe(away);
  expect(server.dials).toBe(0);
});

it.each([
  ["before dialling", false, 0],
  ["after INFO", true, 1],
])(
  "P2: an authenticator that never settles %s times out in phase auth and leaves nothing",
  async (_, needsNonce, dials) => {
    const world = simulate();
    const server = world.serve("a", { info: { nonce: "n" } });
    const authenticator: Authenticator = Object.assign(() => new Promise<never>(() => {}), { needsNonce });
    const error = (await rejection(world.connect({ servers: "a", timeout: 500, authenticator }))) as ConnectError;
    expect(error.attempts).toMatchObject([{ phase: "auth", ms: 500 }]);
    expect(error.attempts[0]?.error).toBeInstanceOf(TimeoutError);
    expect(server.dials).toBe(dials);
    await world.clock.advance(0);
    expect(server.connections.filter(({ isOpen }) => isOpen)).toEqual([]);
    expect(world.clock.untilNext).toBeUndefined();
  },
);

it("P2: credentials that come after the attempt timed out are not used", async () => {
  const world = simulate();
  const server = world.serve("a");
  let asked = 0;
  const late = async (): Promise<{ auth_token: string }> => {
    await new Promise<void>((resolve) => world.clock.after(900, resolve));
    return { auth_token: "late" };
  };
  const second = (): { auth_token: string } => {
    asked++;
    return { auth_token: "second" };
  };
  await rejection(world.connect({ servers: "a", timeout: 500, authenticator: [late, second] }));
  await world.clock.advance(1000);
  expect({ asked, dials: server.dials }).toEqual({ asked: 0, dials: 0 });
});

it("RECONN-MAX-9: several are merged in the order given, whichever of them waited for the nonce", async () => {
  const world = simulate();
  const server = world.serve("a", { info: { nonce: "n" } });
  const order: string[] = [];
  const signs: Authenticator = (nonce) => {
    order.push("signs");
    return { user: "first", sig: `${nonce ?? ""}-signed` };
  };
  const plain = (): { user: string; pass: string } => {
    order.push("plain");
    return { user: "second", pass: "p" };
  };
  const nc = await world.connect({ servers: "a", authenticator: [signs, plain] });
  expect(order).toEqual(["plain", "signs"]);
  expect(server.connections[0]?.options).toMatchObject({ user: "second", pass: "p", sig: "n-signed" });
  await world.clock.until(nc.close());
});
