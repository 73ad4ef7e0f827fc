// Holds the fake server to what real ones do: the same bytes in, the same bytes out.

import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeServer, findServer, RealServer } from "../src/index.js";

/** Operations sent step by step, each with a PING behind it. */
const transcripts: Record<string, readonly string[]> = {
  "PROTO-59: the protocol demo": [
    "sub foo.* 90\r\n",
    "pub foo.bar 5\r\nhello\r\n",
    "pub foo.bar optional.reply.subject 5\r\nhello\r\n",
    "unsub 90\r\n",
    "pub foo.bar 5\r\nhello\r\n",
    "PING\r\n",
  ],
  "CONNECT, no responders, queue groups, limits, headers": [
    'CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}\r\nPING\r\n',
    "SUB _INBOX.* 1\r\nPUB nobody.home _INBOX.x 2\r\nhi\r\n",
    "SUB a q 2\r\nSUB a 3\r\nUNSUB 3 1\r\nHPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPUB a 0\r\n\r\n",
    "UNSUB 77\r\n",
    "SUB b 9\r\nSUB b 9\r\nPUB b 1\r\nx\r\n",
    "SUB c 10\r\nUNSUB 10 2\r\nPUB c 0\r\n\r\nPUB c 0\r\n\r\nPUB c 0\r\n\r\n",
  ],
  "PROTO-53, PROTO-56: invalid subjects leave the connection open": [
    'CONNECT {"verbose":false,"protocol":1}\r\n',
    "SUB foo. 90\r\n",
    "PUB foo..bar 2\r\nhi\r\n",
    "PING\r\n",
  ],
  "echo off": ['CONNECT {"verbose":false,"protocol":1,"echo":false}\r\n', "SUB a 1\r\nPUB a 2\r\nhi\r\n", "PING\r\n"],
  "PROTO-35: HPUB without headers ends the connection silently": [
    'CONNECT {"verbose":false}\r\n',
    "HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
  ],
  "PROTO-41: an unknown operation ends the connection": ["BOGUS\r\n"],
  "PROTO-41: a payload longer than declared ends the connection": ["PUB a 3\r\nhiho\r\n"],
  "PROTO-52: too large a payload ends the connection": ["PUB a 3000000\r\n"],
  "PROTO-57: no responders without headers ends the connection": ['CONNECT {"no_responders":true}\r\n'],
};

/** A client that speaks raw bytes and writes down what it hears. */
class RawClient {
  heard = "";
  isClosed = false;
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => {
      this.heard += chunk.toString("latin1");
    });
    this.#socket.on("error", () => {}); // "close" follows
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
  }

  /** Sends, and waits until the server has dealt with it: it has answered a PING behind it, or closed. */
  async say(text: string): Promise<void> {
    await this.until(() => this.heard.startsWith("INFO"));
    const pongs = this.#pongs() + 1 + text.split("PING\r\n").length - 1;
    this.#socket.write(`${text}PING\r\n`);
    await this.until(() => this.isClosed || this.#pongs() >= pongs);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(1);
  }

  /** What it heard: INFO by name only, because it differs, and without the server's own PINGs, which come when they like. */
  summary(): string {
    this.#socket.destroy();
    const heard = this.heard.replace(/INFO \{.*\} ?\r\n/g, "INFO\r\n").replaceAll("\r\nPING\r\n", "\r\n");
    return `${heard}${this.isClosed ? "closed" : "open"}`;
  }

  #pongs(): number {
    return this.heard.split("PONG\r\n").length - 1;
  }
}

async function answers(port: number, steps: readonly string[]): Promise<string> {
  const client = new RawClient(port);
  for (const step of steps) await client.say(step);
  return client.summary();
}

describe.each(["newest", "oldest"] as const)("the fake server and a real one, %s", (which) => {
  let real: RealServer;
  let fake: FakeServer;
  beforeAll(async () => {
    real = await RealServer.start({ binary: await findServer({ which }) });
    fake = await FakeServer.listen({ info: { version: real.version } });
  }, 600_000);
  afterAll(() => Promise.all([real.stop(), fake.stop()]));

  it.each(Object.entries(transcripts))("answer alike: %s", async (_name, steps) => {
    const expected = await answers(real.port, steps);
    expect(await answers(fake.port, steps)).toBe(expected);
  });

  it("PROTO-34: both strip headers for a subscriber without them", async () => {
    for (const { port } of [real, fake]) {
      const [subscriber, publisher] = [new RawClient(port), new RawClient(port)];
      await subscriber.say('CONNECT {"verbose":false,"headers":false}\r\nSUB a 1\r\n');
      await publisher.say('CONNECT {"verbose":false,"headers":true}\r\nHPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n');
      await subscriber.say("");
      expect([subscriber.summary(), publisher.summary()]).toEqual([
        "INFO\r\nPONG\r\nMSG a 1 2\r\nhi\r\nPONG\r\nopen",
        "INFO\r\nPONG\r\nopen",
      ]);
    }
  });

  it("PROTO-59: idle ends in PING, PING, -ERR 'Stale Connection'", async () => {
    await real.reload('ping_interval: "100ms", ping_max: 2');
    fake.script = { ...fake.script, pingInterval: 100, pingMax: 2 };
    const expected = "INFO\r\nPONG\r\nPING\r\nPING\r\n-ERR 'Stale Connection'\r\n";
    const idle = async (port: number): Promise<string> => {
      const client = new RawClient(port);
      await client.say('CONNECT {"verbose":false}\r\n');
      await client.until(() => client.isClosed);
      return client.heard.replace(/INFO \{.*\} ?\r\n/g, "INFO\r\n");
    };
    const both = await Promise.all([idle(real.port), idle(fake.port)]);
    expect(both).toEqual([expected, expected]);
  });
});
