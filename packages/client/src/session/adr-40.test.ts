// Statements of ADR-40 (and of clients that others follow) that no other test is about; most of them are proven elsewhere, under the
// same numbers. Fakes and virtual time. Source: https://github.com/nats-io/nats-architecture-and-design, adr/ADR-40.md

import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { ClosedConnectionError, type ConnectError } from "../index.js";

describe("the handshake", () => {
  it.each(["PING\r\n", "+OK\r\n", "MSG x 1 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "-ERR 'not INFO'\r\n"])(
    "ADR40-1: a first operation that is not INFO fails the attempt: %j",
    async (first) => {
      const { serve, connect, clock, network } = simulate();
      const server = serve("a", {
        info: () => undefined,
        onAccept: (connection) => {
          connection.send(first);
          if (first.startsWith("-ERR")) connection.end();
        },
      });
      serve("b");
      const nc = await connect({ servers: "a,b", noRandomize: true });
      expect(nc.getServer()).toBe("b:4222");
      expect(server.connections[0]?.received).toEqual([]);
      expect([clock.now() < 5_000, network.dials.length]).toEqual([true, 2]);
      await nc.close();
    },
  );

  it("ADR40-6: CONNECT and PING go out in one write, and an -ERR before PONG is why the attempt failed", async () => {
    const { connect, network } = simulate();
    const chunks: string[] = [];
    network.listen("a", 4222, (peer) => {
      peer.send(new TextEncoder().encode('INFO {"server_id":"x","version":"2.10.0","proto":1,"max_payload":100}\r\n'));
      return {
        data: (chunk) => {
          chunks.push(new TextDecoder().decode(chunk));
          peer.send(new TextEncoder().encode("-ERR 'Authorization Violation'\r\n"));
          peer.end();
        },
        closed: () => {},
      };
    });
    const error = (await rejection(connect({ servers: "a" }))) as ConnectError;
    expect(chunks).toEqual([expect.stringMatching(/^CONNECT \{.*\}\r\nPING\r\n$/)]);
    expect([error.code, error.attempts[0]?.phase]).toEqual(["AUTHORIZATION_VIOLATION", "auth"]);
  });
});

describe("setServers", () => {
  it("ADR40-15: replaces the pool, leaves the link, counts at the next reconnect, and later gossip joins in", async () => {
    const { serve, connect, clock } = simulate();
    const [a, c] = [
      serve("a", { info: { connect_urls: ["b:4222"] } }),
      serve("c", { info: { connect_urls: ["d:4222"] } }),
    ];
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "disconnect", "reconnect");
    nc.setServers(["c"]);
    await clock.advance(1_000);
    expect([events.length, nc.getServer()]).toEqual([0, "a:4222"]);
    a.connections[0]?.reset();
    await clock.advance(5_000);
    expect([nc.getServer(), c.connections.length]).toEqual(["c:4222", 1]);
    expect(
      nc
        .getServers()
        .map(({ url }) => url.key)
        .sort(),
    ).toEqual(["c:4222", "d:4222"]);
    await nc.close();
  });

  it("ADR40-15: a list that is wrong changes nothing, and a closed connection takes none", async () => {
    const { serve, connect } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const before = nc.getServers().map(({ url }) => url.key);
    expect(() => nc.setServers(["b", "gopher://c"])).toThrow(InvalidArgumentError);
    expect(() => nc.setServers([])).toThrow(InvalidArgumentError);
    expect(nc.getServers().map(({ url }) => url.key)).toEqual(before);
    await nc.close();
    expect(() => nc.setServers(["b"])).toThrow(ClosedConnectionError);
  });
});

describe("a connection that drains", () => {
  it("ADR40-29: answers the server's PING until the end", async () => {
    const { serve, connect, clock } = simulate();
    let answering = true;
    const server = serve("a", { onPing: () => (answering ? "pong" : "silence") });
    const nc = await connect({ servers: "a" });
    nc.subscribe("x", { callback: () => {} });
    await clock.until(nc.flush());
    answering = false;
    const drained = rejection(nc.drain());
    await clock.advance(1_000);
    expect(nc.state).toBe("draining");
    server.connections[0]?.send("PING\r\n");
    await clock.advance(10);
    expect(server.connections[0]?.received.some(({ text }) => text.startsWith("PONG"))).toBe(true);
    await clock.until(drained);
    expect(nc.isClosed()).toBe(true);
  });
});

describe("what a custom wait is told", () => {
  it("ADR40-19: a wait belongs to one server: the others are dialled at once, each again only after its own", async () => {
    const { connect, clock, network } = simulate();
    const nc = await connect({
      servers: "a,b,c",
      noRandomize: true,
      firstConnect: "background",
      reconnectDelayHandler: () => 1_000,
    });
    await clock.advance(2_500);
    const dials = network.dials.map(({ hostname, at }) => `${hostname} ${Math.floor(at / 1_000)}`);
    expect(dials).toEqual(["a 0", "b 0", "c 0", "a 1", "b 1", "c 1", "a 2", "b 2", "c 2"]);
    await nc.close();
  });
});
