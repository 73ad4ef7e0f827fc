// P32 by way of DNS: a name server on loopback answers SRV records, real servers stand behind them.

import { promises as dns, type SrvRecord } from "node:dns";
import { createTestAuthority, RealServer } from "@myelin/testing";
import { ConnectError, connect, srvServers } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { openSrvServer, type SrvServer } from "../../transport-node/test/dns-server.js";
import { next, record, rejectionOf, until } from "./conditions.js";
import { versions } from "./every-server.js";
import { open } from "./opened.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 60_000;
const SERVICE = "_nats._tcp.example.test";

async function nameServer(): Promise<{
  readonly dnsServer: SrvServer;
  readonly lookup: (name: string) => Promise<SrvRecord[]>;
}> {
  const dnsServer = await openSrvServer();
  onTestFinished(() => dnsServer.stop());
  const resolver = new dns.Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([dnsServer.address]);
  return { dnsServer, lookup: (name) => resolver.resolveSrv(name) };
}

async function started(config = ""): Promise<RealServer> {
  const server = await RealServer.start({ config });
  onTestFinished(() => server.stop());
  return server;
}

const at = (server: RealServer, priority: number): SrvRecord => ({
  name: "localhost",
  port: Number(new URL(server.url).port),
  priority,
  weight: 1,
});

it(`P32: SRV records: the first priority is connected to, and new records are followed when it has gone (${versions.at(-1) ?? ""})`, {
  timeout: BOUND,
}, async () => {
  const { dnsServer, lookup } = await nameServer();
  const [a, b, c] = [await started(), await started(), await started()];
  dnsServer.records.set(SERVICE, [at(b, 20), at(a, 10)]);
  const nc = await open({ resolveServers: srvServers(SERVICE, { lookup }), reconnectTimeWait: 50, reconnectJitter: 0 });
  expect([nc.getServer(), dnsServer.asked]).toEqual([`localhost:${at(a, 0).port}`, [SERVICE]]);
  const moved = next(nc, "reconnect");
  await a.stop();
  expect((await moved).server).toBe(`localhost:${at(b, 0).port}`);

  // Nothing of the first answer is left; only DNS knows the third.
  const events = record(nc, "error", "update", "reconnect");
  dnsServer.records.set(SERVICE, [at(c, 10)]);
  await b.stop();
  await until("it is on the third", () => nc.getServer() === `localhost:${at(c, 0).port}`);
  expect(nc.getServers().map(({ port, origin }) => [port, origin])).toEqual([[at(c, 0).port, "seed"]]);
  expect(events.filter(({ type }) => type === "update")).toHaveLength(1);
});

it("P32: a name that does not exist, and a name server that is silent, fail with what was asked for", {
  timeout: BOUND,
}, async () => {
  const { dnsServer, lookup } = await nameServer();
  const resolveServers = srvServers(SERVICE, { lookup });
  const unknown = await rejectionOf(connect({ resolveServers }), ConnectError);
  expect(unknown).toMatchObject({ code: "SERVERS_UNRESOLVED", cause: { cause: { code: "DNS_FAILED" } } });
  expect(unknown.message).toContain(`${SERVICE} could not be resolved (ENOTFOUND)`);
  dnsServer.silent = true;
  const silent = await rejectionOf(connect({ resolveServers }), ConnectError);
  expect(silent.message).toContain(SERVICE);
  dnsServer.records.set(SERVICE, [{ name: "", port: 4222, priority: 0, weight: 0 }]);
  dnsServer.silent = false;
  expect((await rejectionOf(connect({ resolveServers }), ConnectError)).message).toContain("answered no server");
});

it("P32, SEC-TLS-8: a certificate is verified against the target of the record, or against tls.servername", {
  timeout: BOUND,
}, async () => {
  const authority = await createTestAuthority("srv");
  const files = await tlsFiles(authority, await authority.issue({ commonName: "n", dnsNames: ["localhost"] }));
  onTestFinished(files.remove);
  const server = await started(files.config);
  const { dnsServer, lookup } = await nameServer();
  dnsServer.records.set(SERVICE, [at(server, 0)]);
  const resolveServers = srvServers(SERVICE, { lookup, scheme: "tls" });
  const nc = await open({ resolveServers, tls: { ca: authority.caPem } });
  expect(nc.getServers()).toMatchObject([{ url: { scheme: "tls" }, tlsName: "localhost" }]);
  const tls = { ca: authority.caPem, servername: "example.test" };
  expect((await rejectionOf(connect({ resolveServers, tls }), ConnectError)).code).toBe("TLS_CERTIFICATE_REJECTED");
});
