// Publishing faster than the peer reads, and how what is published becomes writes. Fakes and virtual time.

import type { Transport } from "@myelin/contracts";
import type { FakeConnection } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { rejection, simulate } from "../../test/simulated.js";
import { BufferedBytesError, type ConnectionOptions, headers, type NatsConnection } from "../index.js";

const KIB = "x".repeat(1_024);

/** A connection whose server reads nothing from now on. */
async function stuck(options: ConnectionOptions): Promise<{
  readonly nc: NatsConnection;
  readonly peer: FakeConnection;
  readonly server: ReturnType<ReturnType<typeof simulate>["serve"]>;
  readonly simulation: ReturnType<typeof simulate>;
}> {
  const simulation = simulate();
  const server = simulation.serve("a");
  const nc = await simulation.connect({ servers: "a", pingInterval: 3_600_000, ...options });
  const [peer] = server.connections;
  if (peer === undefined) throw new Error("there is a connection");
  peer.pause();
  return { nc, peer, server, simulation };
}

describe("a peer that does not read", () => {
  it("publish says so, then throws past maxBufferedBytes, and accepts again once the peer has read", async () => {
    const limit = 2 * 1_024 * 1_024;
    const { nc, peer, simulation } = await stuck({ maxBufferedBytes: limit });
    let accepted = 0;
    let firstFalse: number | undefined;
    let error: unknown;
    for (; accepted < 10_000 && error === undefined; accepted++) {
      try {
        if (!nc.publish("x", KIB)) firstFalse ??= accepted;
      } catch (cause) {
        error = cause;
        break;
      }
    }
    expect(error).toBeInstanceOf(BufferedBytesError);
    expect(error).toMatchObject({ code: "MAX_BUFFERED_BYTES", subject: "x", limit });
    expect((error as Error).message).toContain("await nc.writable()");
    // Told before it is too late, and bounded: what is queued for the socket, one block in the socket, one message.
    expect(firstFalse).toBeLessThan(accepted);
    expect(nc.bufferedBytes).toBeGreaterThan(limit);
    expect(nc.bufferedBytes).toBeLessThan(limit + 256 * 1_024);
    expect(nc.stats().outMsgs).toBe(accepted);

    // Everything that publishes is bound by it, and none of it was counted.
    expect(() => nc.publish("x", KIB, { headers: headers() })).toThrow(BufferedBytesError);
    expect((await rejection(nc.request("x", KIB))).code).toBe("MAX_BUFFERED_BYTES");
    expect((await rejection(nc.request("x", KIB, { noMux: true }))).code).toBe("MAX_BUFFERED_BYTES");
    expect((await rejection(nc.requestMany("x", KIB))).code).toBe("MAX_BUFFERED_BYTES");
    expect((await rejection(nc.publishConfirmed("x", KIB))).code).toBe("MAX_BUFFERED_BYTES");
    expect(nc.stats().outMsgs).toBe(accepted);
    expect(nc.state).toBe("connected");

    const writable = nc.writable();
    peer.resume();
    await simulation.clock.until(writable);
    expect(nc.publish("x", KIB)).toBe(true);
    await simulation.clock.until(nc.flush());
    expect(peer.received.filter(({ op }) => op === "PUB")).toHaveLength(accepted + 1);
    expect(nc.bufferedBytes).toBe(0);
  });

  it("a publisher that waits in writable() is not thrown out of its loop by an outage: it goes on with the next link", async () => {
    const { nc, peer, simulation, server } = await stuck({});
    while (nc.publish("x", KIB));
    let writable = false;
    const waiting = nc.writable().then(() => {
      writable = true;
    });
    void server.stop();
    peer.reset();
    await simulation.clock.advance(5_000);
    expect(writable).toBe(false);
    simulation.serve("a");
    await simulation.clock.until(waiting);
    expect(nc.state).toBe("connected");
    await simulation.clock.until(nc.close());
  });

  it("writable() rejects when the connection is closed before there is room, and within its bounds", async () => {
    const { nc, simulation } = await stuck({});
    while (nc.publish("x", KIB));
    const late = await rejection(simulation.clock.until(nc.writable({ timeout: 50 })));
    expect(late.message).toBe("writable() timed out after 50 ms");
    const abort = new AbortController();
    const aborted = rejection(nc.writable({ signal: abort.signal }));
    abort.abort(new Error("no longer wanted"));
    expect((await aborted).message).toBe("no longer wanted");
    const closed = rejection(nc.writable());
    void nc.close();
    expect((await simulation.clock.until(closed)).code).toBe("CONNECTION_CLOSED");
  });
});

describe("writable() during an outage", () => {
  it("leaves no timer behind when its bounds have passed, also of the wait for the next link", async () => {
    const { nc, peer, simulation, server } = await stuck({});
    const { clock } = simulation;
    while (nc.publish("x", KIB));
    void server.stop();
    peer.reset();
    await clock.advance(1_000);
    const beginning = clock.pendingTimers;
    const abort = new AbortController();
    const waits = [nc.writable({ timeout: 1_000_000, signal: abort.signal }), nc.writable({ signal: abort.signal })];
    expect(clock.pendingTimers).toBeGreaterThan(beginning);
    abort.abort(new Error("no longer wanted"));
    for (const wait of waits) expect((await rejection(wait)).message).toBe("no longer wanted");
    expect(clock.pendingTimers).toBe(beginning);
    await clock.until(nc.close());
  });

  it("leaves none either when the link it waited on was lost in between", async () => {
    const { nc, peer, simulation, server } = await stuck({});
    const { clock } = simulation;
    while (nc.publish("x", KIB));
    const late = rejection(nc.writable({ timeout: 1_000 }));
    await clock.advance(500);
    void server.stop();
    peer.reset();
    await clock.advance(499);
    const during = clock.pendingTimers;
    await clock.advance(1);
    expect((await late).message).toBe("writable() timed out after 1000 ms");
    // The outage's own goes on.
    expect([during, clock.pendingTimers]).toEqual([2, 1]);
    await clock.until(nc.close());
  });
});

describe("writes", () => {
  it("SEND-FLUSH-1: what is published in one turn leaves in one write at its end, without waiting for a timer", async () => {
    const simulation = simulate();
    const server = simulation.serve("a");
    const { transport } = simulation.network;
    const writes: string[] = [];
    const counting: Transport = {
      schemes: transport.schemes,
      connect: async (target, sink, signal) => {
        const connection = await transport.connect(target, sink, signal);
        const write = connection.write.bind(connection);
        connection.write = (chunk) => {
          writes.push(new TextDecoder().decode(chunk));
          return write(chunk);
        };
        return connection;
      },
    };
    const nc = await simulation.connect({ servers: "a", transports: [counting] });
    await simulation.clock.settle();
    writes.length = 0;
    for (let i = 0; i < 100; i++) nc.publish("x", String(i % 10));
    expect(writes).toEqual([]);
    const begin = simulation.clock.now();
    await simulation.clock.settle();
    expect(simulation.clock.now()).toBe(begin);
    expect(writes).toHaveLength(1);
    expect(writes[0]?.match(/PUB x 1\r\n/g)).toHaveLength(100);
    expect(server.connections[0]?.received.filter(({ op }) => op === "PUB")).toHaveLength(100);
  });
});

describe("the server's limit", () => {
  it("SEND-2, P39: holds for headers and payload together, and is told with size and limit before a byte is written", async () => {
    const simulation = simulate();
    const server = simulation.serve("a", { info: { max_payload: 64 } });
    const nc = await simulation.connect({ servers: "a" });
    const some = headers();
    some.set("Bar", "Baz");
    // 22 bytes of headers and 42 of payload fit; one more does not, though the payload alone would.
    nc.publish("x", "y".repeat(42), { headers: some });
    const tooMuch = (): unknown => nc.publish("x", "y".repeat(43), { headers: some });
    expect(tooMuch).toThrow(expect.objectContaining({ code: "MAX_PAYLOAD", size: 65, limit: 64, subject: "x" }));
    nc.publish("x", "y".repeat(64));
    await simulation.clock.until(nc.flush());
    expect(server.connections[0]?.received.filter(({ op }) => op === "PUB")).toHaveLength(2);
    // The limit of the latest INFO is the one that holds.
    server.sendInfo({ max_payload: 10 });
    await simulation.clock.settle();
    expect(() => nc.publish("x", "y".repeat(11))).toThrow(expect.objectContaining({ size: 11, limit: 10 }));
    expect(nc.state).toBe("connected");
  });
});
