// From SRV records to URLs with labels; the lookup is a fake.

import type { SrvRecord } from "node:dns";
import { InvalidArgumentError, TransportError } from "@myelin/contracts";
import { seededRandom } from "@myelin/testing";
import { expect, it } from "vitest";
import { srvServers } from "./srv-servers.js";

const record = (name: string, priority = 0, weight = 0, port = 4222): SrvRecord => ({ name, priority, weight, port });
const urls = async (...records: SrvRecord[]): Promise<readonly string[]> => {
  const answer = await srvServers("_nats._tcp.x", {
    lookup: async () => records,
    // Weight alone decides.
    random: () => 0.5,
  })(new AbortController().signal);
  return typeof answer === "string" ? [answer] : answer;
};

it("P32: a record is a server: its target, its port, its priority as a tier and its weight as a share", async () => {
  expect(
    await urls(record("backup.x", 20, 7, 5_222), record("a.x", 10, 1), record("b.x", 10, 3), record("c.x.", 10, 0)),
  ).toEqual([
    "nats://b.x:4222#tier=0&weight=3",
    "nats://a.x:4222#tier=0&weight=1",
    "nats://c.x:4222#tier=0&weight=0",
    "nats://backup.x:5222#tier=1&weight=7",
  ]);
});

it("P32: where no record of a priority has a weight, all are equal", async () => {
  expect(await urls(record("a.x"), record("b.x"), record("c.x", 1, 5))).toEqual([
    "nats://a.x:4222#tier=0",
    "nats://b.x:4222#tier=0",
    "nats://c.x:4222#tier=1&weight=5",
  ]);
});

it("P32: a target of the root, and a port 0, are no server", async () => {
  expect(await urls(record("."), record(""), record("a.x", 0, 0, 0))).toEqual([]);
});

it("P32: the scheme is the caller's", async () => {
  const resolve = srvServers("_nats._tcp.x", { scheme: "tls", lookup: async () => [record("a.x", 3, 1)] });
  expect(await resolve(new AbortController().signal)).toEqual(["tls://a.x:4222#tier=0&weight=1"]);
});

it("P32: a lookup that fails is a DNS_FAILED with the name in it, and an aborted one the signal's reason", async () => {
  const cause = Object.assign(new Error("no"), { code: "ENODATA" });
  const failing = srvServers("_nats._tcp.x", { lookup: () => Promise.reject(cause) });
  const error = await Promise.resolve(failing(new AbortController().signal)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ code: "DNS_FAILED", phase: "dns", address: "_nats._tcp.x", cause });
  expect(String(error)).toContain("_nats._tcp.x could not be resolved (ENODATA)");
  const reason = new Error("enough");
  await expect(failing(AbortSignal.abort(reason))).rejects.toBe(reason);
});

it("P32: what is no name and no scheme is refused at once", () => {
  for (const service of ["", "a b", "nats://a", undefined as unknown as string]) {
    expect(() => srvServers(service)).toThrow(InvalidArgumentError);
  }
  expect(() => srvServers("_nats._tcp.x", { scheme: "" })).toThrow(InvalidArgumentError);
});

it("P32: within a priority each comes first as often as its weight has it, and one without weight last", async () => {
  const records = [record("light", 1, 1), record("none", 1, 0), record("heavy", 1, 3), record("before", 0, 0)];
  const resolve = srvServers("_nats._tcp.x", { lookup: async () => records, random: seededRandom(7) });
  expect(resolve.ordered).toBe(true);
  let heavyFirst = 0;
  for (let run = 0; run < 1_000; run++) {
    const answer = [...(await resolve(new AbortController().signal))];
    const hosts = answer.map((url) => new URL(String(url)).hostname);
    expect([hosts[0], hosts[3]]).toEqual(["before", "none"]);
    if (hosts[1] === "heavy") heavyFirst++;
  }
  expect(heavyFirst).toBeGreaterThan(690);
  expect(heavyFirst).toBeLessThan(810);
});
