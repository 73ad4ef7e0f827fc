// Connecting as the documentation describes it, against real servers: addresses, names, echo. TLS is in tls.test.ts.

import { RealServer } from "@myelin/testing";
import { ConnectError, connect, InvalidArgumentError, type NatsConnection } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { next, record, rejectionOf, until } from "./conditions.js";
import { forEachServer, versions } from "./every-server.js";
import { open } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";

const BOUND = 30_000;

it("D17: the tests run on the oldest supported server line and on a newer one", () => {
  expect(versions[0]).toMatch(/^2\.9\./);
  expect(versions[1]).not.toMatch(/^2\.9\./);
});

forEachServer((binary) => {
  async function serve(config = ""): Promise<RealServer> {
    const server = await RealServer.start({ binary, config });
    onTestFinished(() => server.stop());
    return server;
  }

  it("CONN-1, CONN-SPECIFIC-2, CONN-SPECIFIC-3: with scheme, without, and by port alone", {
    timeout: BOUND,
  }, async () => {
    const server = await serve();
    for (const options of [{ servers: server.url }, { servers: `127.0.0.1:${server.port}` }, { port: server.port }]) {
      const nc = await open(options);
      expect(nc.getServer()).toBe(`127.0.0.1:${server.port}`);
      await nc.flush();
    }
  });

  it("CONN-3: tls:// never goes without TLS, and a scheme nobody speaks is refused", { timeout: BOUND }, async () => {
    const plain = await serve();
    const error = await rejectionOf(connect({ servers: plain.url.replace("nats:", "tls:") }), ConnectError);
    expect(error.attempts[0]?.phase).toBe("tls");
    await until("the link is gone", async () => (await plain.connz()).connections.length === 0);
    await rejectionOf(connect({ servers: plain.url.replace("nats:", "http:") }), InvalidArgumentError);
  });

  it("CONN-NAME-1: the name is what the server's monitoring shows, also after a reconnect", {
    timeout: BOUND,
  }, async () => {
    const server = await serve();
    const nc = await open({ servers: server.url, name: "my name" });
    const shown = async (): Promise<unknown> =>
      (await server.connz()).connections.map((one) => (one as { name?: string }).name);
    expect(await shown()).toEqual(["my name"]);
    const back = next(nc, "reconnect");
    await nc.reconnect();
    await back;
    await until("the old link is gone", async () => (await server.connz()).connections.length === 1);
    expect(await shown()).toEqual(["my name"]);
  });

  it("CONN-ECHO-1, CONN-ECHO-2, CONN-ECHO-3: our own messages come back unless that connection has noEcho", {
    timeout: BOUND,
  }, async () => {
    const server = await serve();
    const counted = async (nc: NatsConnection): Promise<() => number> => {
      const sub = nc.subscribe("a", { callback: () => {} });
      await nc.flush();
      return () => sub.getReceived();
    };
    const quiet = await open({ servers: server.url, noEcho: true });
    const loud = await open({ servers: server.url });
    const [own, other] = [await counted(quiet), await counted(loud)];
    quiet.publish("a");
    await quiet.flush();
    loud.publish("a");
    await loud.flush();
    await quiet.flush();
    expect([own(), other()]).toEqual([1, 2]);
  });

  it("CONN-MISC-2, PROTO-56: pedantic lets the server judge a publish to a wildcard, and the connection stays", {
    timeout: BOUND,
  }, async () => {
    const server = await serve();
    const nc = await open({ servers: server.url, pedantic: true });
    const errors = record(nc, "error");
    nc.publish("foo.*");
    await nc.flush();
    await nc.flush();
    expect(errors).toMatchObject([{ error: { text: "Invalid Publish Subject" } }]);
    expect(nc.state).toBe("connected");
  });

  it("RECONN-BUFFER-5: what was on its way when the link was lost may be lost, and is never delivered twice", {
    timeout: BOUND,
  }, async () => {
    const server = await serve();
    const nc = await open({ servers: server.url, reconnectTimeWait: 20, reconnectJitter: 0 });
    const got: number[] = [];
    nc.subscribe("a", { callback: (_, msg) => got.push(Number(msg.string())) });
    await nc.flush();
    for (let i = 0; i < 1_000; i++) {
      nc.publish("a", String(i));
      if (i === 500) await nc.reconnect();
    }
    await until("it is back", () => nc.state === "connected");
    await nc.flush();
    expect(new Set(got).size).toBe(got.length);
    expect(got).toEqual([...got].sort((a, b) => a - b));
  });

  it("PROTO-60: with 20 000 subscriptions a message finds its own", { timeout: BOUND }, async () => {
    const server = await serve();
    const nc = await open({ servers: server.url });
    const counts = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      nc.subscribe(`s.${i}`, {
        callback: (_, msg) => void counts.set(msg.subject, (counts.get(msg.subject) ?? 0) + 1),
      });
    }
    await nc.flush();
    for (const i of [0, 9_999, 19_999]) nc.publish(`s.${i}`);
    await nc.flush();
    expect([...counts]).toEqual([
      ["s.0", 1],
      ["s.9999", 1],
      ["s.19999", 1],
    ]);
  });

  it("CUSTOM-DIALER-1, CUSTOM-DIALER-3: a transport of one's own makes every link", { timeout: BOUND }, async () => {
    const server = await serve();
    const transport = recordingTransport();
    const nc = await open({ servers: server.url, transports: [transport] });
    const back = next(nc, "reconnect");
    await nc.reconnect();
    await back;
    await nc.flush();
    expect(transport.dials.length).toBe(2);
  });
});

it("CONN-DEFAULT-1, CONN-DEFAULT-2: without options it is 127.0.0.1:4222, and a rejection when nobody is there", async () => {
  for (const options of [undefined, {}]) {
    const result = await connect(options).then(
      async (nc) => {
        const server = nc.getServer();
        await nc.close();
        return server;
      },
      (error: unknown) => {
        expect(error).toBeInstanceOf(ConnectError);
        return (error as ConnectError).attempts[0]?.server.replace("nats://", "");
      },
    );
    expect(result).toBe("127.0.0.1:4222");
  }
});
