// Bad input, from the caller and from the server: a typed error before any byte is written, or a torn-down link and a
// reconnect. Never a hang, never an unhandled rejection (the test runner fails on one).

import { RealServer } from "@myelin/testing";
import {
  type ConnectionOptions,
  connect,
  DisconnectedError,
  errors,
  InvalidArgumentError,
  isNatsError,
  type NatsConnection,
} from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { next, record, rejectionOf, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { fake, open } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";

/** What `run` throws, which must be one of ours. */
function thrownBy(run: () => unknown): { readonly name: string; readonly code: string } {
  try {
    run();
  } catch (error) {
    expect(isNatsError(error)).toBe(true);
    const { name, code } = error as Error & { code: string };
    return { name, code };
  }
  throw new Error("nothing was thrown");
}

describe("options of connect()", () => {
  it.each<[argument: string, options: Record<string, unknown>]>([
    ["servers", { servers: "nats://" }],
    ["servers", { servers: "nats://host:99999" }],
    ["servers", { servers: "nats://ho st" }],
    ["servers", { servers: "nats://host\r\n:4222" }],
    ["servers", { servers: ["127.0.0.1", 42] }],
    ["servers", { servers: 42 }],
    ["servers", { servers: null }],
    ["servers", { servers: { url: "nats://127.0.0.1" } }],
    ["servers", { servers: [] }],
    ["servers", { servers: "" }],
    ["servers", { servers: "http://127.0.0.1:4222" }],
    ["servers", { servers: "gopher://127.0.0.1" }],
    ["servers", { servers: "wss://127.0.0.1:443/nats#there" }],
    ["port", { port: 0 }],
    ["port", { port: 65_536 }],
    ["port", { port: 4222, servers: "127.0.0.1" }],
    ["timeout", { timeout: 0 }],
    ["timeout", { timeout: -1 }],
    ["timeout", { timeout: Number.NaN }],
    ["timeout", { timeout: "1s" }],
    ["deadline", { deadline: -5 }],
    ["firstConnect", { firstConnect: "maybe" }],
    ["whileDisconnected", { whileDisconnected: "panic" }],
    ["maxReconnectAttempts", { maxReconnectAttempts: 1.5 }],
    ["reconnectTimeWait", { reconnectTimeWait: -1 }],
    ["reconnectJitter", { reconnectJitter: -1 }],
    ["pingInterval", { pingInterval: 0 }],
    ["maxPingOut", { maxPingOut: 0 }],
    ["reconnectBufferSize", { reconnectBufferSize: 0.5 }],
    ["pending.messages", { pending: { messages: -2 } }],
    ["inboxPrefix", { inboxPrefix: "a b" }],
    ["inboxPrefix", { inboxPrefix: "a.>" }],
    ["token", { token: "t", user: "u" }],
    ["user", { pass: "alone" }],
    ["server", { server: "127.0.0.1" }],
    ["maxReconectAttempts", { maxReconectAttempts: 3 }],
    ["gossip", { gossip: "sometimes" }],
    ["strategy", { strategy: {} }],
  ])("%s: %j is an InvalidArgumentError, before anything is dialled", async (argument, options) => {
    const transport = recordingTransport();
    const pending = connect({ ...options, transports: [transport] } as ConnectionOptions);
    const error = await rejectionOf(pending, InvalidArgumentError);
    expect([error.code, error.argument]).toEqual(["INVALID_ARGUMENT", argument]);
    expect(transport.dials).toEqual([]);
  });

  it("a misspelt option is told the right one", async () => {
    const misspelt = connect({ maxReconectAttempts: 3 } as ConnectionOptions);
    expect((await rejectionOf(misspelt, InvalidArgumentError)).message).toContain("did you mean maxReconnectAttempts");
  });

  it.each([null, 42, ["nats://127.0.0.1"]])(
    "options that are neither an object nor a URL (%j) reject",
    async (options) => {
      await rejectionOf(connect(options as unknown as ConnectionOptions), InvalidArgumentError);
    },
  );
});

describe("subjects, queues and payloads", () => {
  const BAD_SUBJECTS: readonly unknown[] = [
    "",
    "a b",
    "a\tb",
    "a\r\nPUB x 0\r\n",
    "a\n",
    ".a",
    "a.",
    "a..b",
    42,
    undefined,
    null,
  ];

  /** A connection whose server has seen CONNECT, PING and nothing else. */
  async function observed(info = {}): Promise<{ nc: NatsConnection; sent: () => Promise<string[]> }> {
    const server = await fake({ info });
    const nc = await open({ servers: server.url });
    const { received = [] } = server.connections[0] ?? {};
    return {
      nc,
      async sent() {
        await nc.flush();
        return received.slice(2).map(({ text }) => text);
      },
    };
  }

  it("a bad subject of publish, subscribe or request is an InvalidSubjectError and writes no byte", async () => {
    const { nc, sent } = await observed();
    for (const subject of BAD_SUBJECTS as string[]) {
      expect(thrownBy(() => nc.publish(subject)).name, `publish ${subject}`).toBe("InvalidSubjectError");
      expect(thrownBy(() => nc.subscribe(subject)).name, `subscribe ${subject}`).toBe("InvalidSubjectError");
      await rejectionOf(nc.request(subject), errors.InvalidSubjectError);
      await rejectionOf(nc.request(subject, "", { noMux: true }), errors.InvalidSubjectError);
    }
    for (const subject of ["a.*", "a.>", ">", "*"]) {
      expect(thrownBy(() => nc.publish(subject)).name, `publish ${subject}`).toBe("InvalidSubjectError");
    }
    for (const subject of ["a.>.b", ">.a"]) {
      expect(thrownBy(() => nc.subscribe(subject)).name, `subscribe ${subject}`).toBe("InvalidSubjectError");
    }
    // What a request that cannot be made may still have set up is its inbox; nothing of the bad subject is there.
    expect((await sent()).filter((text) => !/^(SUB _INBOX\.|UNSUB \d+|PING$)/.test(text))).toEqual([]);
    nc.publish("good");
    expect(await sent()).toContain("PUB good 0\r\n");
  });

  it("a bad queue group, reply or option of one call is refused and writes no byte", async () => {
    const { nc, sent } = await observed();
    for (const queue of ["", "a b", "q\r\nSUB > 9", "q\t"]) {
      expect(thrownBy(() => nc.subscribe("s", { queue })).name, queue).toBe("InvalidSubjectError");
    }
    // An empty reply is none, as in nats.js.
    for (const reply of ["a b", "r\r\nPUB x 0", "r..s"]) {
      expect(thrownBy(() => nc.publish("s", "", { reply })).name, reply).toBe("InvalidSubjectError");
    }
    for (const payload of [42, {}, true, [1, 2]]) {
      expect(thrownBy(() => nc.publish("s", payload as never)).name).toBe("InvalidArgumentError");
    }
    expect(thrownBy(() => nc.publish("s", "", { replyTo: "r" } as never)).name).toBe("InvalidArgumentError");
    expect(thrownBy(() => nc.subscribe("s", { max: -1 })).name).toBe("InvalidArgumentError");
    expect(thrownBy(() => nc.subscribe("s", { max: 0 })).name).toBe("InvalidArgumentError");
    expect(thrownBy(() => nc.subscribe("s", { timeout: -1 })).name).toBe("InvalidArgumentError");
    await rejectionOf(nc.request("s", "", { timeout: 0 }), InvalidArgumentError);
    await rejectionOf(nc.request("s", "", { reply: "r" }), InvalidArgumentError);
    expect(await sent()).toEqual(["PING"]);
  });

  it("an oversize payload is a MaxPayloadError and writes no byte; one of the exact size goes", async () => {
    const { nc, sent } = await observed({ max_payload: 16 });
    expect(thrownBy(() => nc.publish("s", "x".repeat(17)))).toEqual({ name: "MaxPayloadError", code: "MAX_PAYLOAD" });
    expect(thrownBy(() => nc.publish("s", new Uint8Array(17))).name).toBe("MaxPayloadError");
    // Sixteen characters, more than sixteen bytes.
    expect(thrownBy(() => nc.publish("s", "é".repeat(16))).name).toBe("MaxPayloadError");
    await rejectionOf(nc.request("s", "x".repeat(17), { noMux: true }), errors.MaxPayloadError);
    expect((await sent()).filter((text) => text.startsWith("PUB"))).toEqual([]);
    nc.publish("s", "x".repeat(16));
    expect((await sent()).filter((text) => text.startsWith("PUB"))).toEqual([`PUB s 16\r\n${"x".repeat(16)}`]);
  });

  it("the same holds while there is no connection", async () => {
    const server = await fake({ info: { max_payload: 16 } });
    const nc = await open({ servers: server.url, reconnectTimeWait: 60_000, reconnectJitter: 0 });
    await nc.flush();
    const lost = next(nc, "disconnect");
    await server.stop();
    await lost;
    const before = nc.bufferedBytes;
    expect(thrownBy(() => nc.publish("a b")).name).toBe("InvalidSubjectError");
    expect(thrownBy(() => nc.publish("s", "x".repeat(17))).name).toBe("MaxPayloadError");
    expect(thrownBy(() => nc.subscribe("a b")).name).toBe("InvalidSubjectError");
    expect(thrownBy(() => nc.subscribe("s", { queue: "q q" })).name).toBe("InvalidSubjectError");
    await rejectionOf(nc.request("a b"), errors.InvalidSubjectError);
    expect(nc.bufferedBytes).toBe(before);
    expect(thrownBy(() => nc.setServers([])).name).toBe("InvalidArgumentError");
    expect(thrownBy(() => nc.setServers("gopher://x")).name).toBe("InvalidArgumentError");
    expect(nc.getServers().map(({ url }) => url.href)).toEqual([server.url]);
  });
});

describe("garbage from the server", () => {
  it.each<[string, string | Uint8Array]>([
    ["a line of another protocol", "HTTP/1.1 200 OK\r\n\r\n"],
    ["bytes that are no text", new Uint8Array([0, 1, 2, 255, 254, 13, 10])],
    ["a MSG without a size", "MSG s 1\r\n"],
    ["a MSG with a size that is no number", "MSG s 1 abc\r\n"],
    ["a MSG with a negative size", "MSG s 1 -1\r\n\r\n"],
    ["a payload that does not end where it should", "MSG s 1 2\r\nabcdef\r\n"],
    ["an HMSG whose header is larger than all of it", "HMSG s 1 20 10\r\nNATS/1.0\r\n\r\n\r\n"],
    ["a MSG of a size no memory holds", "MSG s 1 99999999999999999999\r\n"],
    ["an endless line", "x".repeat(200_000)],
    ["an INFO that is no JSON", "INFO {nope\r\n"],
    ["an operation of clients", "PUB s 2\r\nhi\r\n"],
  ])("%s tears the link down; the client reconnects and its subscriptions live on", async (_what, garbage) => {
    const server = await fake();
    const nc = await open({ servers: server.url, reconnectJitter: 0, reconnectTimeWait: 10 });
    const received: string[] = [];
    nc.subscribe("s", { callback: (_error, msg) => void received.push(msg.string()) });
    await nc.flush();
    const disconnected = next(nc, "disconnect");
    const reconnected = next(nc, "reconnect");
    // Waits for an answer when the link breaks; both must be told.
    const [client] = server.connections;
    server.script = { onPing: () => "silence" };
    const flush = nc.flush();
    const request = nc.request("nobody", "", { timeout: 60_000 });
    client?.send("MSG s 1 5\r\nfirst\r\n");
    client?.send(garbage);
    server.script = {};
    const { error } = await disconnected;
    expect(error).toBeInstanceOf(errors.ProtocolError);
    await rejectionOf(flush, DisconnectedError);
    await rejectionOf(request, Error);
    await reconnected;
    await within("the bad link is gone", client?.closed ?? Promise.reject(new Error("no client")));
    nc.publish("s", "second");
    await nc.flush();
    expect(received).toEqual(["first", "second"]);
    expect(server.dials).toBe(2);
  });

  it("a message for a subscription that does not exist, or an unexpected PONG or +OK, harms nothing", async () => {
    const server = await fake();
    const nc = await open({ servers: server.url });
    const seen = record(nc, "disconnect", "error");
    const [client] = server.connections;
    client?.send("MSG s 4711 2\r\nhi\r\nPONG\r\nPONG\r\n+OK\r\n");
    await nc.flush();
    await nc.flush();
    expect(seen).toEqual([]);
  });

  it("a server that never stops sending garbage is not dialled in a tight loop", async () => {
    const WAIT_MS = 60;
    const server = await fake({ info: () => undefined, onAccept: (client) => client.send("garbage\r\n") });
    // Dials and waits by the clock of one process: a machine that is busy makes the time between two dials longer, never shorter.
    const begun: number[] = [];
    const transport = recordingTransport({
      redirect: (target) => {
        begun.push(performance.now());
        return target;
      },
    });
    const options = { firstConnect: "background", reconnectTimeWait: WAIT_MS, reconnectJitter: 0 } as const;
    const nc = await open({ servers: server.url, transports: [transport], ...options });
    nc.ready.catch(() => {});
    const failed = record(nc, "attemptFailed");
    await until("five dials", () => begun.length >= 5);
    await nc.close();
    expect(failed.length).toBeGreaterThanOrEqual(4);
    for (const one of failed) expect(one).toMatchObject({ error: { code: "PROTOCOL_ERROR" } });
    const pauses = begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
    expect(pauses.length).toBeGreaterThanOrEqual(4);
    // A timer of Node may be a millisecond early.
    for (const pause of pauses) expect(pause).toBeGreaterThan(WAIT_MS - 5);
  });
});

forEachServer((binary) => {
  it("a real server sees nothing of a refused call, and the connection lives on", { timeout: 30_000 }, async () => {
    const server = await RealServer.start({ binary, config: "max_payload: 1024" });
    onTestFinished(() => server.stop());
    const nc = await open({ servers: server.url, pedantic: true });
    const seen = record(nc, "disconnect", "error");
    for (const call of [
      () => nc.publish("a b"),
      () => nc.publish("s", "x".repeat(1_025)),
      () => nc.subscribe("s", { queue: "q\r\n" }),
      () => nc.subscribe("a..b"),
    ]) {
      thrownBy(call);
    }
    await nc.flush();
    const { in_msgs, subscriptions } = (await server.connz()).connections[0] ?? {};
    expect([in_msgs, subscriptions]).toEqual([0, 0]);
    nc.publish("s", "x".repeat(1_024));
    await nc.flush();
    await until("the good one arrived", async () => (await server.connz()).connections[0]?.in_msgs === 1);
    expect(seen).toEqual([]);
  });
});
