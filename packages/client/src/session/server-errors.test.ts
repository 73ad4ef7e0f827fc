// What the client does about each -ERR of a server: on a link, and while connecting. Fakes and virtual time.

import type { FakeScript } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import type { ConnectError } from "../index.js";

// As servers write them; code of the error an application is told.
const closing: readonly (readonly [id: string, text: string, code: string])[] = [
  ["PROTO-41", "Unknown Protocol Operation", "SERVER_ERROR"],
  ["PROTO-42", "attempted to connect to route port", "SERVER_ERROR"],
  ["ADR40-32, PROTO-43", "Authorization Violation", "AUTHORIZATION_VIOLATION"],
  ["PROTO-44", "Authentication Timeout", "AUTHENTICATION_TIMEOUT"],
  ["PROTO-45", "invalid client protocol", "SERVER_ERROR"],
  ["PROTO-46", "maximum control line exceeded", "SERVER_ERROR"],
  ["PROTO-47", "Parser Error", "SERVER_ERROR"],
  ["PROTO-48", "Secure Connection - TLS Required", "SERVER_ERROR"],
  ["ADR40-17, PROTO-49", "Stale Connection", "STALE_CONNECTION"],
  ["ADR40-35, PROTO-50", "maximum connections exceeded", "MAX_CONNECTIONS"],
  ["PROTO-51", "Slow Consumer", "SERVER_ERROR"],
  ["ADR40-37, PROTO-52", "Maximum Payload Violation", "SERVER_ERROR"],
  ["ADR40-32, PROTO-57", "User Authentication Expired", "AUTHENTICATION_EXPIRED"],
  ["ADR40-34, PROTO-57", "Account Authentication Expired", "AUTHENTICATION_EXPIRED"],
  ["ADR40-34, PROTO-57", "User Authentication Revoked", "AUTHENTICATION_EXPIRED"],
  ["PROTO-57", "maximum account active connections exceeded", "MAX_ACCOUNT_CONNECTIONS"],
  ["PROTO-57", "no responders requires headers support", "SERVER_ERROR"],
  ["PROTO-57", "Failed Account Registration", "SERVER_ERROR"],
];

const staying: readonly (readonly [id: string, text: string, code: string])[] = [
  ["ADR40-36, PROTO-40", "maximum subscriptions exceeded", "SERVER_ERROR"],
  ["PROTO-53", "Invalid Subject", "SERVER_ERROR"],
  ["PROTO-54", 'Permissions Violation for Subscription to "other"', "PERMISSIONS_VIOLATION"],
  ["PROTO-55", 'Permissions Violation for Publish to "other"', "PERMISSIONS_VIOLATION"],
  ["ADR40-36, PROTO-56", "Invalid Publish Subject", "SERVER_ERROR"],
  ["ADR40-38, PROTO-58", "Something Nobody Has Heard Of", "SERVER_ERROR"],
];

describe("on a link", () => {
  it.each(closing)(
    "%s: %s, and the end that follows, is why the link was lost; the client reconnects",
    async (_id, text, code) => {
      const { clock, connect, serve } = simulate();
      const server = serve("a");
      const nc = await connect({ servers: "a" });
      const events = recorded(nc, "error", "disconnect", "reconnect", "close");
      const sub = nc.subscribe("x");
      await clock.settle();
      server.connections[0]?.err(text);
      server.connections[0]?.end();
      await clock.advance(30_000);
      expect(events.map(({ type }) => type)).toEqual(["error", "disconnect", "reconnect"]);
      expect(events.slice(0, 2)).toMatchObject([{ error: { code } }, { server: "a:4222", error: { code } }]);
      nc.publish("x");
      await clock.until(nc.flush());
      expect(sub.getReceived()).toBe(1);
    },
  );

  it.each([...staying, ...closing])(
    "%s: %s alone closes nothing from our side: the server decides",
    async (_id, text, code) => {
      const { clock, connect, serve } = simulate();
      const server = serve("a");
      const nc = await connect({ servers: "a" });
      const events = recorded(nc, "error", "disconnect", "close");
      const sub = nc.subscribe("x", { callback: () => {} });
      server.connections[0]?.err(text);
      await clock.advance(10_000);
      expect(events).toMatchObject([{ type: "error", error: { code } }]);
      const said = text === "Stale Connection" ? "stale" : (text.split('"')[1] ?? text);
      expect((events[0] as { error: Error }).error.message).toContain(said);
      nc.publish("x");
      await clock.until(nc.flush());
      expect([sub.getReceived(), nc.state]).toEqual([1, "connected"]);
    },
  );
});

describe("while connecting", () => {
  it.each([...closing, ["PROTO-58", "Something Nobody Has Heard Of", "SERVER_ERROR"] as const])(
    "%s: %s fails that attempt with its own error, and the next server is used",
    async (_id, text, code) => {
      const refusing: FakeScript = {
        onConnect: (connection) => {
          connection.err(text);
          connection.end();
          return "skip";
        },
      };
      const { connect, network, serve } = simulate();
      serve("a", refusing);
      serve("b");
      const nc = await connect({ servers: "a,b", noRandomize: true });
      expect(nc.getServer()).toBe("b:4222");
      const error = (await rejection(connect({ servers: "a" }))) as ConnectError;
      expect(error.attempts).toMatchObject([{ server: "nats://a:4222", error: { code } }]);
      expect(error.code).toBe(code);
      expect(network.dials.map(({ hostname }) => hostname)).toEqual(["a", "b", "a"]);
    },
  );

  it("PROTO-50: a server without room is not dialled again before its wait is over", async () => {
    const { clock, connect, network, serve } = simulate();
    const full: FakeScript = {
      onConnect: (connection) => {
        connection.err("maximum connections exceeded");
        connection.end();
        return "skip";
      },
    };
    serve("a", full);
    const options = { servers: "a", firstConnect: "background", reconnectTimeWait: 1_000, reconnectJitter: 0 } as const;
    const nc = await connect(options);
    await clock.advance(5_500);
    const times = network.dials.map(({ at }) => at);
    expect(times).toHaveLength(6);
    for (const [index, at] of times.slice(1).entries()) expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(1_000);
    await nc.close();
  });
});
