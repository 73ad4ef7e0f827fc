// Messages larger than what comes at once, whose rest is read to where it stays: whole and in order, whatever holds the stream up or
// cuts it; and those published while the transport still holds earlier ones. Fakes and virtual time; the codec's part is in its own tests.

import type { Transport, TransportSink } from "@myelin/contracts";
import type { FakeConnection, VirtualClock } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { simulate } from "../../test/simulated.js";
import type { Msg, NatsConnection } from "../index.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Told from others at every byte. */
function payload(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed) % 251);
}

function send(to: FakeConnection | undefined, seed: number, size: number, headers = ""): void {
  const sizes = headers === "" ? `${size}` : `${headers.length} ${headers.length + size}`;
  to?.send(`${headers === "" ? "MSG" : "HMSG"} x 1 ${sizes}\r\n${headers}`);
  to?.send(payload(size, seed));
  to?.send("\r\n");
}

const isWhole = (msg: Msg, seed: number, size: number): boolean => Buffer.compare(msg.data, payload(size, seed)) === 0;

function bound(sink: TransportSink): TransportSink {
  return {
    data: (chunk) => sink.data(chunk),
    drain: () => sink.drain(),
    closed: (error) => sink.closed(error),
  };
}

/** Sizes in the order they are sent. */
const SIZES = [MIB, 10, 300 * KIB, 0, 90 * KIB, MIB, MIB, 70 * KIB, 5];

async function open(): Promise<{
  readonly nc: NatsConnection;
  readonly clock: VirtualClock;
  /** The client at the server, of its latest link. */
  connection(): FakeConnection | undefined;
}> {
  const { clock, connect, serve } = simulate();
  const server = serve("a");
  return { nc: await connect({ servers: "a" }), clock, connection: () => server.connections.at(-1) };
}

describe("large messages", () => {
  it("are read to where they stay by a transport that asks, but for what came with their line", async () => {
    const { clock, connect, network, serve } = simulate();
    const server = serve("a");
    let rooms = 0;
    const asking: Transport = {
      schemes: network.transport.schemes,
      connect: (target, sink, signal) => {
        const room = (): Uint8Array | undefined => {
          const answer = sink.room?.();
          rooms += answer === undefined ? 0 : 1;
          return answer;
        };
        const { data, drain, closed } = bound(sink);
        return network.transport.connect(target, { data, drain, closed, room }, signal);
      },
    };
    const nc = await connect({ servers: "a", transports: [asking] });
    const got: boolean[] = [];
    nc.subscribe("x", { callback: (_, msg) => void got.push(isWhole(msg, 1, MIB)) });
    await clock.settle();
    send(server.connections[0], 1, MIB);
    await clock.until(nc.flush());
    // In chunks of 64 KiB.
    expect([got, rooms]).toEqual([[true], 16]);
  });

  it("PROTO-5: come whole and in order, with and without headers, among small ones, and stay as they are", async () => {
    const { clock, connection, nc } = await open();
    const got: Msg[] = [];
    nc.subscribe("x", { callback: (_, msg) => void got.push(msg) });
    await clock.settle();
    SIZES.forEach((size, i) => {
      send(connection(), i, size, i % 2 === 1 ? `NATS/1.0\r\nn: ${i}\r\n\r\n` : "");
    });
    await clock.until(nc.flush());
    expect(got.map((msg, i) => isWhole(msg, i, SIZES[i] ?? 0))).toEqual(SIZES.map(() => true));
    expect(got.map((msg) => msg.headers?.get("n"))).toEqual(SIZES.map((_, i) => (i % 2 === 1 ? `${i}` : undefined)));
    // One that is kept keeps little beside itself.
    const beside = got.map((msg) => msg.data.buffer.byteLength - msg.data.length);
    expect(Math.max(...beside)).toBeLessThan(128 * KIB);
  });

  it("P8: wait where they are while a full subscription holds the stream, also in the middle of one", async () => {
    const { clock, connection, nc } = await open();
    const sub = nc.subscribe("x", { pending: { messages: 1, overflow: "pause" } });
    await clock.settle();
    SIZES.forEach((size, i) => {
      send(connection(), i, size);
    });
    await clock.settle();
    const got: boolean[] = [];
    for await (const msg of sub) {
      got.push(isWhole(msg, got.length, SIZES[got.length] ?? 0));
      await clock.settle();
      if (got.length === SIZES.length) break;
    }
    expect(got).toEqual(SIZES.map(() => true));
  });

  it("P1: one that a lost link cuts is never delivered, and the next link begins anew", async () => {
    const { clock, connection, nc } = await open();
    const got: boolean[] = [];
    nc.subscribe("x", { callback: (_, msg) => void got.push(isWhole(msg, 7, MIB)) });
    await clock.settle();
    connection()?.send(`MSG x 1 ${MIB}\r\n`);
    connection()?.send(payload(400 * KIB, 1));
    await clock.settle();
    connection()?.reset();
    await clock.advance(1_000);
    expect([nc.state, got]).toEqual(["connected", []]);
    send(connection(), 7, MIB);
    await clock.until(nc.flush());
    expect(got).toEqual([true]);
  });

  it("PROTO-21: one that is announced larger than anybody sends ends the link, not the process", async () => {
    const { clock, connection, nc } = await open();
    const lost: unknown[] = [];
    nc.on("disconnect", ({ error }) => lost.push(error));
    nc.subscribe("x", { callback: () => {} });
    await clock.settle();
    connection()?.send(`MSG x 1 ${1_024 * MIB}\r\nand a little of it`);
    await clock.advance(1_000);
    expect([nc.state, lost.length]).toEqual(["connected", 1]);
    expect(String(lost[0])).toContain("larger than this decoder accepts");
  });
});

it("what a transport still holds is not written over, however much is published after it", async () => {
  const { clock, connect, network, serve } = simulate();
  serve("a");
  const held: { readonly block: Uint8Array; readonly copy: Uint8Array }[] = [];
  const holding: Transport = {
    schemes: network.transport.schemes,
    connect: async (target, sink, signal) => {
      const connection = await network.transport.connect(target, sink, signal);
      const write = connection.write.bind(connection);
      return Object.defineProperties(connection, {
        released: { value: false },
        write: {
          value: (block: Uint8Array) => {
            held.push({ block, copy: Uint8Array.from(block) });
            return write(block);
          },
        },
      });
    },
  };
  const nc = await connect({ servers: "a", transports: [holding] });
  for (const [i, size] of [...SIZES, ...SIZES].entries()) {
    nc.publish("x", payload(size, i));
    await clock.until(nc.flush());
  }
  await clock.advance(2_000);
  expect(held.length).toBeGreaterThan(SIZES.length);
  expect(held.filter(({ block, copy }) => Buffer.compare(block, copy) !== 0)).toEqual([]);
});
