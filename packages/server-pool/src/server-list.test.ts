import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { parseServerList } from "./index.js";

const hrefs = (servers: string | readonly string[] | undefined): string[] =>
  parseServerList(servers).map((url) => url.href);

describe("parseServerList", () => {
  it("SEED-1, SEED-4, CONN-SPECIFIC-1: takes an array, and a string as an array of one", () => {
    expect(hrefs(["a:1", "nats://b:2"])).toEqual(["nats://a:1", "nats://b:2"]);
    expect(hrefs("a:1")).toEqual(hrefs(["a:1"]));
  });

  it("SEED-2: splits commas also inside elements, trims, and ignores empty elements", () => {
    expect(hrefs(" a:1 , b:2,,c ,")).toEqual(["nats://a:1", "nats://b:2", "nats://c:4222"]);
    expect(hrefs(["a,b", "", "c"])).toEqual(["nats://a:4222", "nats://b:4222", "nats://c:4222"]);
  });

  it("D2, SEED-6: undefined is the local default, an empty list an error", () => {
    expect(hrefs(undefined)).toEqual(["nats://127.0.0.1:4222"]);
    for (const empty of [[], "", " ", ",", [" ", ""]])
      expect(() => parseServerList(empty)).toThrow(InvalidArgumentError);
  });

  it("SEED-5: gives one address for two spellings of one server, the first, or the one that demands TLS", () => {
    expect(hrefs("localhost,nats://localhost:4222,LOCALHOST/")).toEqual(["nats://localhost:4222"]);
    expect(hrefs("nats://h,x,tls://h")).toEqual(["tls://h:4222", "nats://x:4222"]);
    expect(hrefs("tls://h,h")).toEqual(["tls://h:4222"]);
    expect(hrefs("h:80,ws://h")).toHaveLength(2);
    expect(hrefs("ws://h/a,ws://h/b")).toHaveLength(2);
  });

  it("SEED-9: leaves the caller's array alone", () => {
    const servers = Object.freeze(["b", "a"]);
    parseServerList(servers);
    expect(servers).toEqual(["b", "a"]);
  });

  it("SEED-6: names the bad element, or counts it where naming could show half a password", () => {
    expect(() => parseServerList("a,b:0")).toThrow(/"b:0"/);
    const unset = ["a", undefined] as unknown as string[];
    expect(() => parseServerList(unset)).toThrow("element 2 must be a string, not undefined");
    const leaky = (): unknown => parseServerList("nats://user:hun,ter2@h");
    expect(leaky).toThrow(/element 1 .*%2C/);
    expect(leaky).not.toThrow(/hun|user/);
    const query = (): unknown => parseServerList("wss://h/p?token=hun,ter2:0,wss://i");
    expect(query).toThrow(/element 2 .*%2C/);
    expect(query).not.toThrow(/hun|ter2/);
    expect(() => parseServerList("h:0?token=hunter2,b")).toThrow('"h:0?token=***"');
  });

  it("P53: servers that differ in the values of a query only are told apart by their place, and no value is shown", () => {
    const list = "ws://h/p?token=hunter2,ws://i?a=1,ws://h/p?token=s3cret,ws://h:80/p?token=hunter2,ws://h/p?token=3";
    const found = parseServerList(list);
    expect(found.map(({ path }) => path)).toEqual(["/p?token=hunter2", "?a=1", "/p?token=s3cret", "/p?token=3"]);
    expect(found.map(({ href }) => href)).toEqual([
      "ws://h:80/p?token=***",
      "ws://i:80?a=***",
      "ws://h:80/p?token=*** #2",
      "ws://h:80/p?token=*** #3",
    ]);
    // Nothing is dialled or compared by that.
    expect(found.map(({ key }) => key)).toEqual([
      "h:80/p?token=hunter2",
      "i:80?a=1",
      "h:80/p?token=s3cret",
      "h:80/p?token=3",
    ]);
  });

  it("numbers no servers that are called differently, and none of another list", () => {
    for (const list of ["ws://h/p?a=1", "ws://h/p?a=2,wss://h/p?a=2,ws://h/p?b=2,ws://h/q?a=2", "h,tls://h,h:4222"]) {
      expect(parseServerList(list).some(({ href }) => href.includes("#"))).toBe(false);
    }
  });

  it("refuses what is neither a string nor an array of strings", () => {
    for (const wrong of [42, { servers: "a" }, [1]]) {
      expect(() => parseServerList(wrong as unknown as string)).toThrow(InvalidArgumentError);
    }
  });
});
