// Servers that take no more connections: passed over, tried again, never mistaken for ones that refuse our credentials. ADR-40.

import type { Transport } from "@myelin/contracts";
import type { FakeScript } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { everyEvent, rejection, type Simulation, simulate } from "../../test/simulated.js";
import { type ConnectError, ConnectionLimitError } from "../index.js";

const LIMITS = [
  ["maximum connections exceeded", "MAX_CONNECTIONS"],
  ["maximum account active connections exceeded", "MAX_ACCOUNT_CONNECTIONS"],
  ["Connection throttling is active. Please try again later.", "CONNECTION_THROTTLED"],
] as const;

const full = (text: string): FakeScript => ({
  onConnect: (connection) => {
    connection.err(text);
    connection.end();
    return "skip";
  },
});

describe.each(LIMITS)("a server that says %s", (text, code) => {
  it("PROTO-50: connect() rejects with its code, before a refusal and without a word of authorization", async () => {
    const world = simulate();
    world.serve("a", full(text));
    const error = (await rejection(world.connect({ servers: "a,nobody" }))) as ConnectError;
    expect(error).toMatchObject({ code, cause: { text } });
    expect(error.cause).toBeInstanceOf(ConnectionLimitError);
  });

  it("ADR40-35, PROTO-50: it is tried again until it has room, also where a repeated authorization error would close", async () => {
    const world = simulate();
    const a = world.serve("a", full(text));
    const nc = await world.connect({
      servers: "a",
      firstConnect: "background",
      ignoreAuthErrorAbort: false,
      reconnectTimeWait: 100,
    });
    await world.clock.advance(2_000);
    expect(nc.state).not.toBe("closed");
    expect(nc.getServers()).toMatchObject([{ lastFailure: { kind: "refused-by-server", error: { code } } }]);
    a.script = {};
    await world.clock.until(nc.ready);
    await world.clock.until(nc.close());
  });

  it("PROTO-50: one that sends us away later is why the link was lost, and is come back to", async () => {
    const world = simulate();
    const a = world.serve("a");
    const nc = await world.connect({ servers: "a", ignoreAuthErrorAbort: false });
    const events = everyEvent(nc);
    a.connections.at(-1)?.err(text);
    a.connections.at(-1)?.end();
    await world.clock.advance(5_000);
    expect(events.map(({ type }) => type)).toEqual(["error", "disconnect", "reconnecting", "reconnect"]);
    expect(events[1]).toMatchObject({ type: "disconnect", epoch: 1, error: { code } });
    await world.clock.until(nc.close());
  });
});

it("PROTO-50: also while an authenticator is still at work the server is the one that refused", async () => {
  const world = simulate();
  world.serve("a", {
    info: { nonce: "n" },
    onAccept: (connection) =>
      void world.clock.after(10, () => {
        connection.err("maximum connections exceeded");
        connection.end();
      }),
  });
  const authenticator = Object.assign(() => new Promise<never>(() => {}), { needsNonce: true });
  const nc = await world.connect({ servers: "a", firstConnect: "background", authenticator });
  await world.clock.advance(50);
  expect(nc.getServers()).toMatchObject([{ lastFailure: { kind: "refused-by-server" } }]);
  await world.clock.until(nc.close());
});

describe("a refusal right behind INFO", () => {
  const told = (texts: string, info: object = {}, apart = false): FakeScript => ({
    info: () => undefined,
    onAccept: (connection) => {
      const whole = { server_id: "a", version: "2.10.0", proto: 1, headers: true, max_payload: 1_024, ...info };
      const first = `INFO ${JSON.stringify(whole)}\r\n`;
      if (!apart) connection.send(first + texts);
      else {
        connection.send(first);
        connection.send(texts);
      }
    },
  });

  // What is written, whether or not it arrives.
  function watched({ network }: Simulation): {
    readonly transport: Transport;
    readonly written: Uint8Array[];
    readonly upgrades: unknown[];
  } {
    const written: Uint8Array[] = [];
    const upgrades: unknown[] = [];
    const { schemes } = network.transport;
    const connect: Transport["connect"] = async (...dial) => {
      const connection = await network.transport.connect(...dial);
      const write = connection.write.bind(connection);
      connection.write = (chunk) => {
        written.push(chunk);
        return write(chunk);
      };
      const startTls = connection.startTls?.bind(connection);
      connection.startTls = async () => {
        upgrades.push(connection);
        await startTls?.();
      };
      return connection;
    };
    return { transport: { schemes, connect }, written, upgrades };
  }

  it.each([
    ["over plain TCP", {}, false],
    ["where TLS is required", { tls_required: true }, false],
    ["where TLS is required, in a chunk of its own", { tls_required: true }, true],
    ["where a nonce is to be signed", { nonce: "n" }, false],
  ])("PROTO-50: %s is what the attempt failed of, and nothing was sent", async (_what, info, apart) => {
    for (const [text, code] of LIMITS) {
      const world = simulate();
      const { transport, written } = watched(world);
      world.serve("a", told(`-ERR '${text}'\r\n`, info, apart));
      const options = { servers: "a", user: "u", pass: "secret", transports: [transport] };
      const error = (await rejection(world.connect(options))) as ConnectError;
      expect(error).toMatchObject({ code, cause: { text } });
      expect(written).toEqual([]);
    }
  });

  it("SEC-TLS-10: of credentials that were not sent is no verdict on them: the client goes on trying", async () => {
    for (const text of ["Authorization Violation", "Authentication Timeout", "User Authentication Revoked"]) {
      const world = simulate();
      const good = world.serve("good");
      const a = world.serve("a", told(`-ERR '${text}'\r\n`));
      const nc = await world.connect({ servers: ["good", "a"], noRandomize: true, reconnectTimeWait: 10 });
      void good.stop();
      await world.clock.advance(5_000);
      expect(nc.state).not.toBe("closed");
      expect(nc.getServers()[1]).toMatchObject({ lastFailure: { kind: "refused-by-server" } });
      expect(a.connections.length).toBeGreaterThan(2);
      await world.clock.until(nc.close());
    }
  });

  it("PROTO-50: what else comes there is handled behind CONNECT", async () => {
    const world = simulate();
    const a = world.serve("a", told("PING\r\n"));
    const nc = await world.connect({ servers: "a" });
    await world.clock.settle();
    expect(a.connections[0]?.received.map(({ op }) => op)).toEqual(["CONNECT", "PING", "PONG"]);
    await world.clock.until(nc.close());
  });

  it("SEC-TLS-10: what else comes there before TLS ends the attempt, and nothing was sent", async () => {
    for (const texts of ["PING\r\n", "+OK\r\n", "INFO {}\r\n", "PI", "-ERR 'maximum con"]) {
      const world = simulate();
      const { transport, written } = watched(world);
      for (const apart of [false, true]) {
        const a = world.serve("a", told(texts, { tls_required: true }, apart));
        const options = { servers: "a", user: "u", pass: "secret", transports: [transport] };
        const error = await rejection(world.connect(options));
        expect(error.message).toContain("sent plaintext behind its INFO before the TLS upgrade");
        expect(written).toEqual([]);
        await world.clock.until(a.stop());
      }
    }
  });

  it("one that goes away before TLS begins is told as such, and nothing is upgraded", async () => {
    const world = simulate();
    const script = told("", { tls_required: true });
    world.serve("a", {
      ...script,
      onAccept: (connection) => {
        script.onAccept?.(connection);
        connection.end();
      },
    });
    const { transport, upgrades } = watched(world);
    const error = await rejection(world.connect({ servers: "a", transports: [transport] }));
    expect(error.message).toContain("closed the link before it had answered");
    await world.clock.settle();
    expect(upgrades).toEqual([]);
  });

  it("SEC-TLS-10: while an authenticator of ours is asked, a refusal is no verdict on credentials, except that it waited too long", async () => {
    for (const [text, code, kind] of [
      ["Authorization Violation", "CONNECTION_ERROR", "refused-by-server"],
      ["Authentication Timeout", "AUTHENTICATION_TIMEOUT", "auth"],
    ] as const) {
      const world = simulate();
      const a = world.serve("a");
      const authenticator = (_nonce?: string): Promise<{ auth_token: string }> => new Promise(() => {});
      const connecting = world.connect({ servers: "a", authenticator, firstConnect: "background" });
      const nc = await connecting;
      await world.clock.advance(10);
      a.connections[0]?.err(text);
      await world.clock.advance(10);
      expect(nc.getServers()[0]).toMatchObject({ lastFailure: { kind, error: { code } } });
      await world.clock.until(nc.close());
    }
  });
});
