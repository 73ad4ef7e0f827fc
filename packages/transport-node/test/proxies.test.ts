// The presets of `dial`: an HTTP proxy and a SOCKS5 proxy on loopback, and every way in which they say no.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { inspect } from "node:util";
import { InvalidArgumentError, type TransportError } from "@myelin/contracts";
import { createTestAuthority } from "@myelin/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Dial, httpConnect, socks5, tcpTransport } from "../src/index.js";
import { httpProxy, socksProxy, type TestProxy, type TestProxyOptions } from "./proxies.js";
import { Listener, TestSink, targetOf, transportErrorOf } from "./subjects.js";

const authority = await createTestAuthority();
const own = await authority.issue({ commonName: "server", dnsNames: ["inside.test"] });
const gate = await authority.issue({ commonName: "proxy", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] });
const material = { cert: own.certPem, key: own.keyPem };
const SECRET = "s3cr3t-pa55";

interface Kind {
  readonly open: (options?: TestProxyOptions) => Promise<TestProxy>;
  readonly dial: (proxy: string) => Dial;
}

const kinds: { readonly [name: string]: Kind } = {
  "HTTP CONNECT": { open: httpProxy, dial: (proxy) => httpConnect({ proxy }) },
  SOCKS5: { open: socksProxy, dial: (proxy) => socks5({ proxy }) },
};

async function opened(proxy: Promise<TestProxy>): Promise<TestProxy> {
  const running = await proxy;
  onTestFinished(() => running.stop());
  return running;
}

async function listen(options: Parameters<typeof Listener.open>[0]): Promise<Listener> {
  const listener = await Listener.open(options);
  onTestFinished(() => listener.stop());
  return listener;
}

const never = new AbortController().signal;
const through = (dial: Dial, parts: object = {}, sink = new TestSink(), signal = never) =>
  tcpTransport({ dial }).connect(
    targetOf({ hostname: "inside.test", serverName: "inside.test", port: 4222, ...parts }),
    sink,
    signal,
  );

/** What a proxy that answers this is told as. */
async function refusal(kind: Kind, options: TestProxyOptions, make = kind.dial): Promise<TransportError> {
  const proxy = await opened(kind.open(options));
  const error = await transportErrorOf(through(make(proxy.address)));
  expect(error).toMatchObject({ phase: "tcp", address: "inside.test:4222" });
  expect(error.message).toContain(`inside.test:4222 could not be reached by way of the proxy ${proxy.address}: `);
  await vi.waitFor(() => expect(proxy.open.size).toBe(0));
  return error;
}

describe.each(Object.entries(kinds))("%s", (_name, kind) => {
  it.each([false, true])(
    "P50: leads to a server whose name only the proxy knows, with TLS on top (first: %s)",
    async (handshakeFirst) => {
      const listener = await listen({ tls: material, ...(handshakeFirst ? {} : { greeting: "INFO {}\r\n" }) });
      const proxy = await opened(kind.open());
      const sink = new TestSink();
      const target = { port: listener.port, tls: { ca: authority.caPem }, handshakeFirst };
      const connection = await through(kind.dial(proxy.address), target, sink);
      if (!handshakeFirst) {
        await vi.waitFor(() => expect(sink.text()).toBe("INFO {}\r\n"));
        expect(connection.encrypted).toBe(false);
        await connection.startTls?.();
      }
      expect([connection.encrypted, connection.remoteAddress]).toEqual([true, `inside.test:${listener.port}`]);
      connection.write(Buffer.alloc(200_000, "x"));
      const peer = await listener.accept();
      await vi.waitFor(() => expect(peer.received().length).toBe(200_000));
      expect(proxy.asked).toEqual([`inside.test:${listener.port}`]);
      await connection.close();
      expect(sink.closings).toEqual([undefined]);
      await vi.waitFor(() => expect(proxy.open.size).toBe(0));
    },
  );

  it("P50: an IPv6 address is asked for as one", async () => {
    const proxy = await opened(
      kind.open({ reply: 5, answer: kind.open === httpProxy ? (client) => client.end() : undefined }),
    );
    await transportErrorOf(through(kind.dial(proxy.address), { hostname: "2001:db8::10.0.0.1", port: 4333 }));
    const expected = kind.open === httpProxy ? "[2001:db8::10.0.0.1]:4333" : "20010db800000000000000000a000001:4333";
    expect(proxy.asked).toEqual([expected]);
  });

  it("P50: an abort ends it in whatever step, at once, and leaves no connection to the proxy", async () => {
    for (const said of ["", kind.open === httpProxy ? "HTTP/1.1 200 O" : "\x05\x00"]) {
      const controller = new AbortController();
      const proxy = await opened(kind.open({ answer: (client) => client.write(said, "latin1") }));
      const pending = through(kind.dial(proxy.address), {}, new TestSink(), controller.signal);
      await vi.waitFor(() => {
        expect(proxy.open.size).toBe(1);
        for (const { bytesWritten } of proxy.open) expect(bytesWritten).toBeGreaterThanOrEqual(said.length);
      });
      const reason = new Error("enough");
      controller.abort(reason);
      await expect(pending).rejects.toBe(reason);
      await vi.waitFor(() => expect(proxy.open.size).toBe(0));
    }
  });

  it("P50: a proxy that is not there is told as one, with its own address", async () => {
    const gone = await kind.open();
    await gone.stop();
    const error = await transportErrorOf(through(kind.dial(gone.address)));
    expect(error).toMatchObject({ code: "CONNECTION_REFUSED", phase: "tcp" });
    expect(error.message).toContain(`proxy ${gone.address} refused the connection`);
  });

  it.each<[string, (client: Socket) => void, string]>([
    ["ends", (client) => client.end(), "closed the connection without an answer"],
    ["resets", (client) => client.resetAndDestroy(), "closed the connection without an answer"],
    ["speaks something else", (client) => client.write("SSH-2.0-x\r\n\r\n\r\n"), "did not answer as"],
    ["talks without end", (client) => client.write(Buffer.alloc(20_000, 65)), "did not answer as"],
  ])("P50: a proxy that %s fails the attempt", async (_, answer, words) => {
    const error = await refusal(kind, { answer });
    expect(error.code).toBe("PROXY_REFUSED");
    expect(error.message).toContain(words);
  });

  it.each(["", " ", "ftp://a:1", "a:0", "a:99999", "//", "http://a:1/path", undefined, 7])(
    "P50: %s is no proxy: refused before anything is dialled, and not shown",
    (proxy) => {
      expect(() => kind.dial(proxy as string)).toThrow(InvalidArgumentError);
      expect(() => kind.dial(`u:${SECRET}@:x`)).not.toThrow(SECRET);
    },
  );
});

describe("HTTP CONNECT", () => {
  const http = kinds["HTTP CONNECT"] as Kind;
  it.each([
    ["407 Proxy Authentication Required", "it answered HTTP 407 (Proxy Authentication Required): it wants credentials"],
    ["403 Forbidden", "does not allow this server"],
    ["502 \u0007Bad", "HTTP 502 (?Bad): it cannot reach the server"],
    ["503", "HTTP 503: it cannot reach"],
    ["418 I'm a teapot", "HTTP 418 (I'm a teapot): see its log"],
  ])("P50: %s is told with what to try", async (status, words) => {
    const body = "<html>no</html>";
    const error = await refusal(http, {
      answer: (client) => client.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    });
    expect([error.code, error.message]).toEqual(["PROXY_REFUSED", expect.stringContaining(words)]);
  });

  it("P50: the head may come in pieces, after a provisional answer, and bytes behind it are the server's", async () => {
    const pieces = ["HTTP/1.1 100 Continue\r\n\r", "\nHTTP/1.0 2", "00 OK\r\nContent-Length: 5\r\n\r\nINFO", " {}\r\n"];
    const proxy = await opened(
      httpProxy({
        answer: (client) => {
          for (const [index, piece] of pieces.entries()) setTimeout(() => client.write(piece), index * 5);
        },
      }),
    );
    const sink = new TestSink();
    const connection = await through(httpConnect({ proxy: proxy.address }), {}, sink);
    await vi.waitFor(() => expect(sink.text()).toBe("INFO {}\r\n"));
    connection.destroy();
  });

  it("P50: credentials of the URL and headers are sent, and never shown", async () => {
    const proxy = await opened(httpProxy({ answer: (client) => client.end("HTTP/1.1 407 No\r\n\r\n") }));
    const dial = httpConnect({ proxy: `http://us%40er:${SECRET}@${proxy.address}`, headers: { "X-Token": SECRET } });
    const error = await transportErrorOf(through(dial));
    expect(proxy.said[0]).toBe(
      "CONNECT inside.test:4222 HTTP/1.1\r\nHost: inside.test:4222\r\n" +
        `X-Token: ${SECRET}\r\nProxy-Authorization: Basic ${btoa(`us@er:${SECRET}`)}\r\n\r\n`,
    );
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/s3cr3t|us@er/);
    expect(() => httpConnect({ proxy: "a:1", headers: { a: `x\r\n${SECRET}` } })).toThrow(
      /^headers.a: must be text without/,
    );
    expect(() => httpConnect({ proxy: "a:1", headers: { "a b": "x" } })).toThrow(InvalidArgumentError);
  });

  it("P50: TLS to the proxy is not TLS to the server: that comes on top, with a name of its own", async () => {
    const listener = await listen({ tls: material, greeting: "INFO {}\r\n" });
    const proxy = await opened(httpProxy({ tls: { cert: gate.certPem, key: gate.keyPem } }));
    const dial = httpConnect({ proxy: `https://${proxy.address}`, tls: { ca: authority.caPem } });
    const sink = new TestSink();
    const connection = await through(dial, { port: listener.port, tls: { ca: authority.caPem } }, sink);
    await vi.waitFor(() => expect(sink.text()).toBe("INFO {}\r\n"));
    expect(connection.encrypted).toBe(false);
    await connection.startTls?.();
    expect(connection.encrypted).toBe(true);
    connection.write(Buffer.from("hello"));
    const peer = await listener.accept();
    await vi.waitFor(() => expect(Buffer.from(peer.received()).toString()).toBe("hello"));
    await connection.close();
    const untrusted = httpConnect({ proxy: `https://${proxy.address}` });
    expect(await transportErrorOf(through(untrusted, { port: listener.port }))).toMatchObject({
      code: "TLS_CERTIFICATE_REJECTED",
      address: `proxy ${proxy.address}`,
    });
  });
});

it("P50: an abort between the socket to an https proxy and its TLS handshake keeps no socket, though the proxy hangs", async () => {
  const proxy = await opened(httpProxy({ answer: () => {} }));
  const [controller, reason, sockets] = [new AbortController(), new Error("enough"), [] as Socket[]];
  // Ours is the first listener: nobody listens to the signal any more when it aborts, and the handshake has not begun.
  const made = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    sockets.push(socket);
    socket.on("connect", () => queueMicrotask(() => controller.abort(reason)));
  };
  subscribe("net.client.socket", made);
  onTestFinished(() => void unsubscribe("net.client.socket", made));
  const dial = httpConnect({ proxy: `https://${proxy.address}` });
  await expect(through(dial, {}, new TestSink(), controller.signal)).rejects.toBe(reason);
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
});

describe("SOCKS5", () => {
  const socks = kinds["SOCKS5"] as Kind;
  it.each([
    [1, "general SOCKS server failure"],
    [2, "not allowed by ruleset"],
    [3, "network unreachable"],
    [4, "host unreachable"],
    [5, "connection refused"],
    [6, "TTL expired"],
    [7, "command not supported"],
    [8, "address type not supported"],
    [77, "reason of its own"],
  ])("P50: reply %i is told in words: %s", async (reply, words) => {
    const error = await refusal(socks, { reply });
    expect(error.code).toBe("PROXY_REFUSED");
    expect(error.message).toContain(words);
    expect(error.message).toContain(`, reply ${reply}`);
  });

  it("P50: user name and password, of the URL or apart, in bytes of UTF-8", async () => {
    const listener = await listen({ greeting: "INFO {}\r\n" });
    const proxy = await opened(socksProxy({ credentials: "üser:pässword" }));
    for (const dial of [
      socks5({ proxy: proxy.address, username: "üser", password: "pässword" }),
      socks5({ proxy: `socks5://${encodeURIComponent("üser")}:${encodeURIComponent("pässword")}@${proxy.address}` }),
    ]) {
      const sink = new TestSink();
      const connection = await through(dial, { port: listener.port }, sink);
      await vi.waitFor(() => expect(sink.text()).toBe("INFO {}\r\n"));
      connection.destroy();
    }
    expect(proxy.said).toEqual(["üser:pässword", "üser:pässword"]);
  });

  it("P50: credentials that are refused, missing or not wanted are told, and never shown", async () => {
    const wanting = { credentials: "u:right" };
    const wrong = await refusal(socks, wanting, (proxy) => socks5({ proxy, username: "u", password: SECRET }));
    expect(wrong.message).toContain("refused the user name and password");
    expect(inspect(wrong, { depth: 9, showHidden: true })).not.toContain(SECRET);
    expect((await refusal(socks, wanting)).message).toContain("wants credentials: give username and password");
    const other = (client: Socket): void => void client.write(Buffer.from([5, 255]));
    const neither = await refusal(socks, { answer: other }, (proxy) => socks5({ proxy, username: "u" }));
    expect(neither.message).toContain("takes neither no credentials nor user name and password");
  });

  it("P50: what does not fit into the protocol is refused", async () => {
    for (const username of ["", "x".repeat(256), 7 as never]) {
      expect(() => socks5({ proxy: "a:1", username })).toThrow(InvalidArgumentError);
    }
    const error = await transportErrorOf(through(socks5({ proxy: "127.0.0.1:1" }), { hostname: "x".repeat(256) }));
    expect([error.code, error.message]).toEqual(["PROXY_REFUSED", expect.stringContaining("no name that long")]);
  });
});
