// When what is published leaves: a request that is alone at once, answers with the chunk that asked for them, the rest at the end of the
// turn. Fakes and virtual time.

import type { Transport, TransportSink } from "@myelin/contracts";
import type { FakeConnection } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { rejection, type Simulation, simulate } from "../../test/simulated.js";
import { DisconnectedError, type NatsConnection } from "../index.js";

interface Scene extends Simulation {
  readonly nc: NatsConnection;
  readonly peer: FakeConnection;
  /** The verbs of each write since the connection was made. */
  readonly writes: string[][];
  /** Of each write, before it is made. */
  readonly during: { write: (sink: TransportSink) => void };
}

async function scene(): Promise<Scene> {
  const simulation = simulate();
  const server = simulation.serve("a");
  const { transport } = simulation.network;
  const writes: string[][] = [];
  const during: Scene["during"] = { write: () => {} };
  const counting: Transport = {
    schemes: transport.schemes,
    connect: async (target, sink, signal) => {
      const connection = await transport.connect(target, sink, signal);
      const write = connection.write.bind(connection);
      connection.write = (chunk) => {
        writes.push(new TextDecoder().decode(chunk).match(/^[A-Z]+(?= )/gm) ?? []);
        during.write(sink);
        return write(chunk);
      };
      return connection;
    },
  };
  const nc = await simulation.connect({ servers: "a", transports: [counting] });
  await simulation.clock.settle();
  const [peer] = server.connections;
  if (peer === undefined) throw new Error("there is a connection");
  return { ...simulation, nc, peer, writes, during };
}

/** Has made its first request, whose SUB for the inbox of all is out of the way, and written nothing since. */
async function asked(): Promise<Scene> {
  const all = await scene();
  all.nc.subscribe("echo", { callback: (_, msg) => void msg.respond(msg.data) });
  await all.clock.until(all.nc.request("echo", "?"));
  await all.clock.settle();
  all.writes.length = 0;
  return all;
}

describe("when what is published leaves", () => {
  it("a request that is alone leaves at once, with those behind it in the same turn sharing one write at its end", async () => {
    const { clock, nc, writes } = await asked();
    const answers = [nc.request("echo", "1"), nc.request("echo", "2"), nc.request("echo", "3")];
    nc.publish("x");
    expect(writes).toEqual([["PUB"]]);
    await clock.until(Promise.all(answers));
    expect(writes[1]).toEqual(["PUB", "PUB", "PUB"]);
  });

  it("a request behind something that waits for the end of the turn leaves with it, in order", async () => {
    const { clock, nc, peer, writes } = await asked();
    nc.publish("before");
    const answer = nc.request("echo", "1");
    expect(writes).toEqual([]);
    await clock.until(answer);
    expect(writes[0]).toEqual(["PUB", "PUB"]);
    expect(peer.received.filter(({ op }) => op === "PUB").slice(-3)[0]).toMatchObject({ subject: "before" });
  });

  it("answers to what a chunk brings share a write that is made with the chunk; so does a PONG", async () => {
    const { clock, nc, peer, writes } = await asked();
    const order: string[] = [];
    const sub = nc.subscribe("ask", {
      callback: (_, msg) => {
        clock.endOfTurn(() => order.push(`turn after ${writes.length} writes`));
        msg.respond("!");
      },
    });
    await clock.settle();
    writes.length = 0;
    const sid = sub.getID();
    peer.send(`MSG ask ${sid} r.1 1\r\na\r\nPING\r\nMSG ask ${sid} r.2 1\r\nb\r\n`);
    await clock.settle();
    expect(writes).toEqual([["PUB", "PUB"]]);
    expect(order).toEqual(["turn after 1 writes", "turn after 1 writes"]);
    expect(peer.received.filter(({ op }) => op === "PONG")).toHaveLength(1);
  });

  it("a transport that delivers while it is written to is answered, without an end of the stack", async () => {
    const { clock, during, nc } = await asked();
    let left = 20_000;
    const sub = nc.subscribe("ball", { callback: (_, msg) => void (--left > 0 && msg.respond()) });
    await clock.settle();
    const ball = (sink: TransportSink): void =>
      sink.data(new TextEncoder().encode(`MSG ball ${sub.getID()} r 0\r\n\r\n`));
    during.write = (sink) => {
      if (left > 0) ball(sink);
    };
    nc.publish("serve");
    await clock.settle();
    expect(left).toBe(0);
    expect(nc.state).toBe("connected");
  });

  it("a link that breaks in the write of a request rejects it", async () => {
    const { during, nc } = await asked();
    during.write = () => {
      throw new Error("no room");
    };
    const error = await rejection(nc.request("echo", "1"));
    expect(error).toBeInstanceOf(DisconnectedError);
    expect(error.message).toContain("the link was lost");
  });
});
