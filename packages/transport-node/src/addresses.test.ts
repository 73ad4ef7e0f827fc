import { TransportError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { formatAddress, type Lookup, orderAddresses, type ResolvedAddress, resolveAddresses } from "./addresses.js";

const v4 = (last: number): ResolvedAddress => ({ address: `192.0.2.${last}`, family: 4 });
const v6 = (last: number): ResolvedAddress => ({ address: `2001:db8::${last}`, family: 6 });
const never = new AbortController().signal;

describe("resolveAddresses", () => {
  it.each([
    ["127.0.0.1", 4],
    ["::1", 6],
    ["fe80::1%lo", 6],
  ])("takes the IP address %s as it is, without asking a resolver", async (address, family) => {
    const lookup: Lookup = () => Promise.reject(new Error("asked"));
    expect(await resolveAddresses(address, lookup, never)).toEqual([{ address, family }]);
  });

  it("ADR40-14, P32: asks the resolver again every time", async () => {
    let asked = 0;
    const lookup: Lookup = async () => [v4(++asked)];
    expect(await resolveAddresses("nats.example", lookup, never)).toEqual([v4(1)]);
    expect(await resolveAddresses("nats.example", lookup, never)).toEqual([v4(2)]);
  });

  it.each<[string, Lookup]>([
    ["fails", () => Promise.reject(Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }))],
    [
      "throws at once",
      () => {
        throw new Error("broken resolver");
      },
    ],
    ["knows no address", async () => []],
  ])("P32: a resolver that %s gives DNS_FAILED with the name in it", async (_, lookup) => {
    const error = await resolveAddresses("nats.example", lookup, never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: "DNS_FAILED", phase: "dns", address: "nats.example" });
    expect((error as TransportError).message).toContain("nats.example");
    expect((error as TransportError).cause).toBeInstanceOf(Error);
  });
});

describe("orderAddresses", () => {
  it("alternates the families, the resolver's first family first, and keeps its order within them", () => {
    expect(orderAddresses([v6(1), v6(2), v6(3), v4(1), v4(2)], undefined)).toEqual([v6(1), v4(1), v6(2), v4(2), v6(3)]);
    expect(orderAddresses([v4(1), v6(1), v6(2)], undefined)).toEqual([v4(1), v6(1), v6(2)]);
    expect(orderAddresses([], undefined)).toEqual([]);
  });

  it("drops duplicates, which a hosts file easily has", () => {
    expect(orderAddresses([v4(1), v4(1), v6(1), v4(1)], undefined)).toEqual([v4(1), v6(1)]);
  });

  it("SEED-14: shuffles within a family, evenly", () => {
    const found = [v4(1), v4(2), v4(3)];
    const counts = new Map<string, number>();
    let state = 1;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    for (let i = 0; i < 6_000; i++) {
      const key = orderAddresses(found, random)
        .map(({ address }) => address.at(-1))
        .join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["123", "132", "213", "231", "312", "321"]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(850);
    expect(found).toEqual([v4(1), v4(2), v4(3)]);
  });
});

it("formatAddress puts an IPv6 address in brackets", () => {
  expect([formatAddress("::1", 4222), formatAddress("nats.example", 4222)]).toEqual([
    "[::1]:4222",
    "nats.example:4222",
  ]);
});
