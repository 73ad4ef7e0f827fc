import type { TransportConnection, TransportError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import type { FakeScript } from "./fake-script.js";
import { FakeServer } from "./fake-server.js";
import { type MemoryNetwork, memoryNetwork } from "./memory-network.js";
import { VirtualClock } from "./virtual-clock.js";

interface Client {
  connection: TransportConnection;
  /** Everything heard since the last call. */
  heard(): Promise<string>;
  say(text: string): void;
  ended: (TransportError | undefined)[];
}

interface Stage {
  clock: VirtualClock;
  network: MemoryNetwork;
  fake: FakeServer;
  client(connect?: string): Promise<Client>;
}

const CONNECT = 'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n';

function stage(script: FakeScript = {}): Stage {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const fake = FakeServer.onMemory(network, { host: "fake.test", port: 4222 }, script);
  const client = async (connect = CONNECT): Promise<Client> => {
    let heard = "";
    const ended: (TransportError | undefined)[] = [];
    const sink = {
      data: (chunk: Uint8Array) => {
        heard += new TextDecoder().decode(chunk);
      },
      drain: () => {},
      closed: (error: TransportError | undefined) => void ended.push(error),
    };
    const target = {
      url: fake.url,
      scheme: "nats",
      hostname: "fake.test",
      port: 4222,
      path: "",
      serverName: "fake.test",
    };
    const connection = await network.transport.connect(
      { ...target, tls: undefined, handshakeFirst: false, shuffleAddresses: false },
      sink,
      new AbortController().signal,
    );
    const say = (text: string): void => void connection.write(new TextEncoder().encode(text));
    if (connect !== "") {
      say(connect);
      await clock.settle();
      heard = "";
    }
    return {
      connection,
      say,
      ended,
      async heard() {
        await clock.settle();
        const all = heard;
        heard = "";
        return all;
      },
    };
  };
  return { clock, network, fake, client };
}

describe("FakeServer", () => {
  it("says INFO with the script's fields over its own, answers PING, and counts its dials", async () => {
    const { fake, client } = stage({ info: (index) => ({ cluster: `c${index}`, max_payload: 10 }) });
    const first = await client("");
    const [line = ""] = (await first.heard()).split("\r\n");
    expect(JSON.parse(line.slice("INFO ".length))).toMatchObject({ cluster: "c0", max_payload: 10, client_id: 1 });
    first.say(`${CONNECT}PING\r\n`);
    expect(await first.heard()).toBe("PONG\r\n");
    expect((await (await client("")).heard()).includes('"cluster":"c1"')).toBe(true);
    expect([fake.dials, fake.connections.map(({ index }) => index)]).toEqual([2, [0, 1]]);
  });

  it("says nothing at all when the script has no INFO for a connection", async () => {
    const { client } = stage({ info: () => undefined });
    expect(await (await client("")).heard()).toBe("");
  });

  it("shows what each client sent, decoded and as text", async () => {
    const { clock, fake, client } = stage();
    const { say } = await client('CONNECT {"verbose":false,"headers":true,"name":"me"}\r\n');
    say("SUB a.> q 7\r\nUNSUB 7 3\r\nHPUB x r 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\nPUB y 0\r\n\r\nPING\r\nPONG\r\n");
    await clock.settle();
    const { received, options } = await fake.nextConnection();
    expect(options?.name).toBe("me");
    expect(received.slice(1)).toMatchObject([
      { op: "SUB", subject: "a.>", queue: "q", sid: "7", text: "SUB a.> q 7" },
      { op: "UNSUB", sid: "7", max: 3, text: "UNSUB 7 3" },
      { op: "PUB", subject: "x", reply: "r", text: "HPUB x r 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi" },
      { op: "PUB", subject: "y", reply: undefined, headers: undefined, text: "PUB y 0\r\n" },
      { op: "PING" },
      { op: "PONG" },
    ]);
    const pub = received[3];
    expect(pub?.op === "PUB" && [pub.headers?.get("A"), new TextDecoder().decode(pub.payload)]).toEqual(["b", "hi"]);
  });

  it("waits for an operation, each one once, and not beyond the end of the connection", async () => {
    const { fake, client } = stage();
    const { say, connection } = await client();
    const seen = await fake.nextConnection();
    say("PUB a 1\r\n1\r\nPUB a 1\r\n2\r\nSUB s 1\r\n");
    const texts = [await seen.waitFor("PUB"), await seen.waitFor("PUB"), await seen.waitFor((op) => op.op === "SUB")];
    expect(texts.map(({ text }) => text)).toEqual(["PUB a 1\r\n1", "PUB a 1\r\n2", "SUB s 1"]);
    const never = seen.waitFor("PUB");
    connection.destroy();
    await expect(never).rejects.toThrow("connection 0");
    await expect(seen.waitFor("PUB")).rejects.toThrow("connection 0");
    await seen.closed;
    expect(seen.isOpen).toBe(false);
  });

  it("hands out each connection once, also one that is still to come", async () => {
    const { fake, client } = stage();
    const coming = fake.nextConnection();
    await client();
    await client();
    expect([(await coming).index, (await fake.nextConnection()).index]).toEqual([0, 1]);
  });

  it("delivers between its clients, one member of each queue group by chance", async () => {
    const { client } = stage();
    const [a, b, c] = [await client(), await client(), await client()];
    a.say("SUB x q 1\r\n");
    b.say("SUB x q 2\r\nSUB * 3\r\n");
    await b.heard();
    c.say("PUB x 1\r\n1\r\nPUB x 1\r\n2\r\nPUB x.y 1\r\n3\r\n");
    expect([await b.heard(), await a.heard()]).toEqual([
      "MSG x 3 1\r\n1\r\nMSG x 2 1\r\n1\r\nMSG x 3 1\r\n2\r\n",
      "MSG x 1 1\r\n2\r\n",
    ]);
  });

  it("forgets the subscriptions of a client that has gone, and then tells requesters that there is nobody", async () => {
    const { fake, client } = stage({ info: { version: "2.10.0" } });
    const [worker, asker] = [await client(), await client()];
    worker.say("SUB work 1\r\n");
    asker.say("SUB inbox 5\r\n");
    await asker.heard();
    expect(fake.subscriptions.map(({ subject }) => subject)).toEqual(["work", "inbox"]);
    worker.connection.destroy();
    await worker.heard();
    asker.say("PUB work inbox 0\r\n\r\n");
    expect(await asker.heard()).toBe("HMSG inbox 5 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
  });

  it("leaves out what a callback skips, and stays silent to PING when told to", async () => {
    const { client } = stage({
      onPub: () => "skip",
      onPing: () => "silence",
      onSub: () => "skip",
      onUnsub: () => "skip",
    });
    const { say, heard } = await client();
    say("SUB a 1\r\nUNSUB 1\r\nPUB a 0\r\n\r\nPING\r\n");
    expect(await heard()).toBe("");
  });

  it("lets a callback refuse a client, and reads nothing of it afterwards", async () => {
    const { fake, client } = stage({
      onConnect(connection) {
        connection.err("Authorization Violation");
        connection.end();
      },
    });
    const { say, heard, ended } = await client("");
    await heard();
    say(`${CONNECT}PING\r\nSUB a 1\r\n`);
    expect(await heard()).toBe("-ERR 'Authorization Violation'\r\n");
    expect(ended).toEqual([undefined]);
    expect(fake.connections[0]?.received).toHaveLength(1);
  });

  it("resets, sends raw bytes, and tells all clients of a changed cluster", async () => {
    const { fake, client } = stage();
    const first = await client();
    const second = await client();
    fake.connections[0]?.send("MSG half");
    fake.connections[0]?.reset();
    fake.sendInfo({ connect_urls: ["10.0.0.1:4222"] });
    expect(await second.heard()).toContain('"connect_urls":["10.0.0.1:4222"]');
    expect([await first.heard(), first.ended.map((error) => error?.code)]).toEqual(["", ["CONNECTION_RESET"]]);
  });

  it("PROTO-49: ends a client that answers no PING, in virtual time", async () => {
    const { clock, client } = stage({ pingInterval: 120_000, pingMax: 2 });
    const { say, heard, ended } = await client();
    await clock.advance(120_000);
    say("PONG\r\n");
    expect(await heard()).toBe("PING\r\n");
    await clock.advance(360_000);
    expect(await heard()).toBe("PING\r\nPING\r\n-ERR 'Stale Connection'\r\n");
    expect([ended, clock.pendingTimers]).toEqual([[undefined], 0]);
  });

  it("breaks every connection when stopped, refuses dials, and its address can be used again", async () => {
    const { network, fake, client } = stage();
    const { heard, ended } = await client();
    await fake.stop();
    await fake.stop();
    await heard();
    expect(ended.map((error) => error?.code)).toEqual(["CONNECTION_RESET"]);
    await expect(client()).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
    FakeServer.onMemory(network, { host: "fake.test", port: 4222 });
    await expect(client()).resolves.toBeDefined();
  });
});
