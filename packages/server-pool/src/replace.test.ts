import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";

describe("replace", () => {
  const driver = (): PoolDriver => {
    const client = new PoolDriver({ servers: "a,b", randomize: false });
    client.fail();
    client.connect();
    client.advertise("b", "c:1");
    return client;
  };

  it("ADR40-15: replaces everything, advertised servers too; a server that stays keeps its counts", () => {
    const client = driver();
    const { id } = client.view("a");
    expect(client.pool.replace(["d", "nats://u:p@a"])).toEqual({
      added: ["d:4222"],
      deleted: ["b:4222", "c:1"],
      rejected: [],
    });
    expect(client.hosts()).toEqual(["d", "a"]);
    expect(client.view("a")).toMatchObject({ id, consecutiveFailures: 1 });
    expect(client.view("a").url.user).toBe("u");
  });

  it("makes an advertised server a seed", () => {
    const client = driver();
    client.pool.replace("c:1");
    expect(client.view("c")).toMatchObject({ origin: "seed", learnedFrom: undefined });
  });

  it("changes nothing when the list is wrong", () => {
    const client = driver();
    for (const wrong of ["", "a,b:0", undefined as unknown as string]) {
      expect(() => client.pool.replace(wrong)).toThrow(InvalidArgumentError);
    }
    expect(client.hosts()).toEqual(["a", "b", "c"]);
  });

  it("leaves the connection be: its server teaches on, and is known again once advertised", () => {
    const client = driver();
    const old = client.id("b");
    client.pool.replace("d");
    expect(client.pool.get(old)?.state).toBe("connected");
    expect(client.pool.advertise(["b:4222", "e:1"], old, client.now).added).toEqual(["b:4222", "e:1"]);
    expect(client.view("b")).toMatchObject({ id: old, state: "connected", origin: "gossip" });
  });

  it("forgets a removed server once its dial has failed", () => {
    const client = new PoolDriver({ servers: "a" });
    const { id } = client.dial();
    client.pool.replace("b");
    client.pool.failed(id, { kind: "network", error: new Error("x") }, client.now);
    expect(client.pool.get(id)).toBeUndefined();
  });

  it("never has a removed server dialled, whose connection may still end", () => {
    const client = driver();
    const old = client.id("b");
    client.pool.replace("d");
    client.pool.lost(old, new Error("reset"), client.now);
    expect(client.pool.get(old)).toBeUndefined();
    expect([client.fail(), client.fail()]).toEqual(["d", "d"]);
  });
});
