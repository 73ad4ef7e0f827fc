// P23 on real servers: a first connect that would go on for ever is told when it is refused, and goes on where that may pass.

import { createTestAuthority, RealServer, reservePorts } from "@myelin/testing";
import { ConnectError, type ConnectionOptions, connect } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { record, rejectionOf, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { open } from "./opened.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 60_000;
const authority = await createTestAuthority("ours");
const stranger = await createTestAuthority("stranger");
const node = await authority.issue({ commonName: "node", dnsNames: ["localhost"] });
const client = await authority.issue({ commonName: "client", client: true });

forEachServer((binary) => {
  it("P23: retry rejects and background closes for credentials and TLS that real servers refuse, and for a key of ours", {
    timeout: BOUND,
  }, async () => {
    const files = await tlsFiles(authority, node, ", verify: true");
    onTestFinished(files.remove);
    const locked = await RealServer.start({ binary, config: "authorization { user: u, password: p }" });
    onTestFinished(() => locked.stop());
    const secure = await RealServer.start({ binary, config: files.config });
    onTestFinished(() => secure.stop());
    const byName = secure.url.replace("127.0.0.1", "localhost");
    const ours = { ca: authority.caPem, cert: client.certPem, key: client.keyPem };
    const rows: [code: string, options: ConnectionOptions][] = [
      ["AUTHORIZATION_VIOLATION", { servers: locked.url, user: "u", pass: "wrong" }],
      ["TLS_CERTIFICATE_REJECTED", { servers: byName, tls: { ...ours, ca: stranger.caPem } }],
      ["TLS_CERTIFICATE_REJECTED", { servers: secure.url, tls: ours }],
      ["TLS_FAILED", { servers: byName, tls: { ca: authority.caPem } }],
      ["TLS_MATERIAL_UNUSABLE", { servers: byName, tls: { ...ours, key: node.keyPem } }],
      ["TLS_MISMATCH", { servers: byName, tls: null }],
      ["TLS_MISMATCH", { servers: locked.url, tls: ours, user: "u", pass: "p" }],
    ];
    for (const [code, options] of rows) {
      const error = await rejectionOf(connect({ ...options, firstConnect: "retry" }), ConnectError);
      expect({ code: error.code, options }).toEqual({ code, options });
      const nc = await open({ ...options, firstConnect: "background" });
      nc.publish("a");
      await rejectionOf(nc.ready, ConnectError);
      expect(await nc.closed()).toMatchObject({ code });
    }
  });

  it("P23: credentials that roll through three servers, one of them down: the first that takes the new ones is used", {
    timeout: BOUND,
  }, async () => {
    const before = "authorization { token: old }";
    const servers = await Promise.all([
      RealServer.start({ binary, config: before }),
      RealServer.start({ binary, config: "authorization { token: new }" }),
    ]);
    for (const server of servers) onTestFinished(() => server.stop());
    const { ports, release } = await reservePorts(1);
    onTestFinished(release);
    const urls = [servers[0].url, `nats://127.0.0.1:${ports[0] ?? 0}`, servers[1].url];
    const nc = await open({ servers: urls, noRandomize: true, firstConnect: "retry", token: "new" });
    expect(nc.getServer()).toBe(servers[1].url.replace("nats://", ""));
    const held = await open({
      servers: urls.slice(0, 2),
      firstConnect: "background",
      firstConnectRefused: "retry",
      token: "new",
      reconnectTimeWait: 20,
    });
    const failures = record(held, "attemptFailed");
    await until("it was refused in several rounds", () => failures.length > 4);
    expect(held.isClosed()).toBe(false);
  });
});
