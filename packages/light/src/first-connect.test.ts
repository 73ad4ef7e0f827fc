// The first connect: which servers are tried, what they are told, and how it fails. Fakes and virtual time.

import type { Transport, TransportConnection } from "@myelin/contracts";
import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { rejection, simulate } from "../test/simulated.js";
import { ConnectError } from "./index.js";

const last = (server: FakeServer): FakeConnection => server.connections.at(-1) as FakeConnection;
const refusing = {
  onConnect: (connection: FakeConnection) => {
    connection.err("Authorization Violation");
    connection.end();
    return "skip" as const;
  },
};

describe("the first connect", () => {
  it("tries every server once, and rejects with the attempt that tells most", async () => {
    const { clock, begin, serve } = simulate();
    serve("b", refusing);
    serve("c", { info: () => undefined });
    const error = (await clock.until(rejection(begin({ servers: "a,b,c", noRandomize: true })))) as ConnectError;
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(error.attempts.map(({ server, phase }) => [server, phase])).toEqual([
      ["nats://a:4222", "tcp"],
      ["nats://b:4222", "auth"],
      ["nats://c:4222", "info"],
    ]);
    expect(error.attempts[2]?.error).toMatchObject({ code: "TIMEOUT", timeout: 5_000 });
    expect(clock.pendingTimers).toBe(0);
  });

  it("with retry goes on until a server answers, and ends when a whole round was refused", async () => {
    const world = simulate();
    const connecting = world.begin({ servers: "a,b", firstConnect: "retry" });
    await world.clock.advance(60_000);
    world.serve("b");
    const nc = await world.clock.until(connecting);
    expect(nc.getServer()).toBe("b:4222");
    await world.clock.until(nc.close());
    const other = simulate();
    other.serve("b", refusing);
    const error = await other.clock.until(rejection(other.begin({ servers: "a,b", waitOnFirstConnect: true })));
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(other.clock.pendingTimers).toBe(0);
  });

  it("ends with the signal's reason", async () => {
    const { clock, begin, serve } = simulate();
    serve("a", { info: () => undefined });
    const abort = new AbortController();
    const connecting = rejection(begin({ servers: "a", signal: abort.signal }));
    await clock.advance(10);
    abort.abort(new Error("enough"));
    expect((await clock.until(connecting)).message).toBe("enough");
    expect(clock.pendingTimers).toBe(0);
    expect((await rejection(begin({ servers: "a", signal: AbortSignal.abort(new Error("early")) }))).message).toBe(
      "early",
    );
  });

  it.each([
    ["GET / HTTP/1.1\r\n", "PROTOCOL_ERROR"],
    ["PING\r\n", "CONNECTION_ERROR"],
    ["INFO {\r\n", "PROTOCOL_ERROR"],
    ["INFO {}\r\nMSG a 1 0\r\n\r\n", "CONNECTION_ERROR"],
  ])("fails typed on a peer that says %j", async (words, code) => {
    const { clock, begin, serve } = simulate();
    serve("a", { info: () => undefined, onAccept: (connection) => connection.send(words), onConnect: () => "skip" });
    expect((await clock.until(rejection(begin({ servers: "a" })))).code).toBe(code);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives user, password, token and name, those of options before those of a URL", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    for (const [options, sent] of [
      [{ servers: "nats://u:p%40@a" }, { user: "u", pass: "p@" }],
      [{ servers: "nats://t@a" }, { auth_token: "t" }],
      [{ servers: "nats://u:p@a", token: "t" }, { auth_token: "t" }],
      [
        { servers: "a", user: "u", pass: "p", name: "n", noEcho: true },
        { user: "u", pass: "p", name: "n", echo: false },
      ],
    ] as const) {
      const nc = await connect(options);
      expect(last(a).options).toMatchObject({
        protocol: 1,
        headers: true,
        no_responders: true,
        lang: "typescript",
        ...sent,
      });
      await clock.until(nc.close());
    }
  });

  it("asks an authenticator once for every attempt, with the nonce where it wants it", async () => {
    const { clock, connect, begin, serve } = simulate();
    const a = serve("a", { info: { nonce: "N" } });
    const nc = await connect({ servers: "a", authenticator: async (nonce) => ({ user: `u${nonce}` }) });
    expect(last(a).options).toMatchObject({ user: "uN" });
    await clock.until(nc.close());
    const early = await connect({ servers: "a", authenticator: () => ({ auth_token: "early" }) });
    expect(last(a).options).toMatchObject({ auth_token: "early" });
    await clock.until(early.close());
    const throwing = (): never => {
      throw new Error("no key");
    };
    const error = await clock.until(rejection(begin({ servers: "a", authenticator: throwing })));
    expect(error).toMatchObject({ code: "CALLBACK_FAILED" });
  });

  it("asks an authenticator that needs no nonce before it dials", async () => {
    const { clock, connect, network, serve } = simulate();
    serve("a", { info: { nonce: "N" } });
    const dials: number[] = [];
    const nc = await connect({
      servers: "a",
      authenticator: () => {
        dials.push(network.dials.length);
        return { user: "u" };
      },
    });
    expect(dials).toEqual([0]);
    await clock.until(nc.close());
  });

  it("says nothing of credentials where TLS is demanded and cannot be had", async () => {
    const { clock, begin, serve } = simulate();
    const a = serve("a", { info: { tls_required: true } });
    const error = await clock.until(rejection(begin({ servers: "a", user: "u", pass: "geheim" })));
    expect(error.code).toBe("TLS_MISMATCH");
    expect(last(a).received).toEqual([]);
  });

  it("ends a stream that comes after it was given up", async () => {
    const { begin, clock } = simulate();
    let destroyed = 0;
    let give: (stream: TransportConnection) => void = () => {};
    const slow: Transport = {
      schemes: ["slow"],
      connect: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    };
    const error = await clock.until(rejection(begin({ servers: "slow://a", transports: [slow], timeout: 10 })));
    expect(error.code).toBe("TIMEOUT");
    give({ destroy: () => destroyed++ } as unknown as TransportConnection);
    await clock.settle();
    expect(destroyed).toBe(1);
  });

  it("refuses unknown options by name, wrong kinds, and servers nothing can dial", async () => {
    const { begin } = simulate();
    for (const [options, argument] of [
      [{ servers: "a", strategy: {} }, "strategy"],
      [{ servers: "a", timeout: "5" }, "timeout"],
      [{ servers: "a", timeout: 0 }, "timeout"],
      [{ servers: [] }, "servers"],
      [{ servers: "http://a" }, "servers"],
      [{ servers: "nats://u:p@a:99999" }, "servers"],
      [{ servers: "a", user: "u", token: "t" }, "token"],
      [{ servers: "a", pending: { overflow: "pause" } }, "pending.overflow"],
      [{ servers: "a", reconnectBuffer: { bytes: -1 } }, "reconnectBuffer.bytes"],
      [{ servers: "a", inboxPrefix: "a.*" }, "inboxPrefix"],
      [{ servers: "a", transports: [{}] }, "transports"],
    ] as const) {
      const error = await rejection(begin(options as never));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", argument });
      expect(error.message).not.toContain("u:p");
    }
  });
});
