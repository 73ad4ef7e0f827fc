// P50 on real servers: a connection by way of a proxy, with TLS, through an outage, and with an error of its own for each attempt.

import { createTestAuthority, RealServer } from "@myelin/testing";
import { ConnectError, connect, type Dial, httpConnect, socks5, tcpTransport } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { httpProxy, socksProxy, type TestProxy, type TestProxyOptions } from "../../transport-node/test/proxies.js";
import { next, record, rejectionOf } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { open } from "./opened.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 60_000;
const rows: readonly [
  name: string,
  start: (options?: TestProxyOptions) => Promise<TestProxy>,
  dial: (proxy: TestProxy) => Dial,
][] = [
  ["HTTP CONNECT", httpProxy, ({ address }) => httpConnect({ proxy: `http://u:p@${address}` })],
  [
    "SOCKS5",
    () => socksProxy({ credentials: "u:p" }),
    ({ address }) => socks5({ proxy: address, username: "u", password: "p" }),
  ],
];

forEachServer((binary) => {
  it.each(rows)(
    "P50: by way of %s: TLS, requests, and reconnects when the proxy cuts, or the server restarts",
    {
      timeout: BOUND,
    },
    async (_name, start, dial) => {
      const authority = await createTestAuthority("ours");
      // A name nobody resolves but the proxy.
      const node = await authority.issue({ commonName: "node", dnsNames: ["nats.inside.test"] });
      const files = await tlsFiles(authority, node);
      onTestFinished(files.remove);
      const server = await RealServer.start({ binary, config: files.config });
      onTestFinished(() => server.stop());
      const proxy = await start();
      onTestFinished(() => proxy.stop());
      const { port } = new URL(server.url);
      const nc = await open({
        servers: `nats.inside.test:${port}`,
        tls: { ca: authority.caPem },
        transports: [tcpTransport({ dial: dial(proxy) })],
        reconnectTimeWait: 50,
        reconnectJitter: 0,
      });
      const events = record(nc, "disconnect", "reconnect", "error");
      nc.subscribe("echo", { callback: (_, msg) => void msg.respond(msg.data) });
      expect((await nc.request("echo", "one")).string()).toBe("one");

      const cut = next(nc, "reconnect");
      for (const client of proxy.open) client.destroy();
      await cut;
      expect((await nc.request("echo", "two")).string()).toBe("two");

      const restarted = next(nc, "reconnect");
      await server.restart();
      await restarted;
      expect((await nc.request("echo", "three")).string()).toBe("three");
      expect(events.filter(({ type }) => type === "disconnect")).toHaveLength(2);
      expect(new Set(proxy.asked)).toEqual(new Set([`nats.inside.test:${port}`]));
    },
  );
});

it("P50: a proxy that refuses is the error of each attempt, and one that hangs is bounded by timeout", {
  timeout: BOUND,
}, async () => {
  const refusing = await httpProxy({ answer: (client) => client.end("HTTP/1.1 403 Forbidden\r\n\r\n") });
  onTestFinished(() => refusing.stop());
  const by = (proxy: TestProxy) => [tcpTransport({ dial: httpConnect({ proxy: proxy.address }) })];
  const error = await rejectionOf(connect({ servers: "a.test,b.test", transports: by(refusing) }), ConnectError);
  expect(error.code).toBe("PROXY_REFUSED");
  expect(error.attempts.map(({ phase, error: { message } }) => [phase, /HTTP 403/.test(message)])).toEqual([
    ["tcp", true],
    ["tcp", true],
  ]);
  const silent = await httpProxy({ answer: () => {} });
  onTestFinished(() => silent.stop());
  const late = await rejectionOf(connect({ servers: "a.test", timeout: 300, transports: by(silent) }), ConnectError);
  expect(late).toMatchObject({ code: "TIMEOUT", attempts: [{ phase: "tcp" }] });
});
