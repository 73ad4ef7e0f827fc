import { describe, expect, it } from "vitest";
import { bytesOf, latin1 } from "../test/events.js";
import { inlineStatus } from "./header-block.js";
import { decodeHeaders, encodeHeaders, HeaderError, headers, Match, MsgHdrs } from "./index.js";

function decoded(block: string): MsgHdrs {
  return decodeHeaders(bytesOf(block));
}

describe("MsgHdrs", () => {
  it("PROTO-30: keeps case and tells names apart by it", () => {
    const h = headers();
    h.set("Key", "1");
    h.append("key", "2");
    expect([h.get("Key"), h.get("key"), h.get("KEY")]).toEqual(["1", "2", ""]);
    expect([h.has("Key"), h.has("KEY"), h.size(), h.keys()]).toEqual([true, false, 2, ["Key", "key"]]);
    h.delete("KEY");
    expect(h.size()).toBe(2);
    h.delete("Key");
    expect(h.keys()).toEqual(["key"]);
  });

  it("PROTO-30: on request ignores case: first match, union of values, set replaces all, append joins the first", () => {
    const h = headers();
    h.append("Key", "1");
    h.append("KEY", "2");
    expect(h.get("key", Match.IgnoreCase)).toBe("1");
    expect(h.values("key", Match.IgnoreCase)).toEqual(["1", "2"]);
    h.append("kEy", "3", Match.IgnoreCase);
    expect(h.toRecord()).toEqual({ Key: ["1", "3"], KEY: ["2"] });
    expect(h.last("key", Match.IgnoreCase)).toBe("3");
    h.set("key", "4", Match.IgnoreCase);
    expect(h.toRecord()).toEqual({ key: ["4"] });
    h.delete("KEY", Match.IgnoreCase);
    expect(h.size()).toBe(0);
  });

  it("PROTO-30: on request writes names as HTTP does", () => {
    const h = headers();
    h.set("nats-msg-ID", "1", Match.CanonicalMIME);
    expect(h.keys()).toEqual(["Nats-Msg-Id"]);
    expect([h.get("NATS-MSG-ID", Match.CanonicalMIME), h.get("nats-msg-ID")]).toEqual(["1", ""]);
  });

  it("PROTO-31: several values stay several, in order, commas untouched", () => {
    const h = headers();
    h.append("a", "1,2");
    h.append("a", "3");
    expect([h.get("a"), h.last("a"), h.values("a")]).toEqual(["1,2", "3", ["1,2", "3"]]);
    h.set("a", "4");
    expect(h.values("a")).toEqual(["4"]);
    expect([h.values("none"), h.last("none")]).toEqual([[], ""]);
  });

  it("iterates and copies without giving its own lists away", () => {
    const h = MsgHdrs.fromRecord({ a: ["1", "2"], b: "3" });
    for (const [, values] of h) values.push("x");
    h.values("a").push("y");
    expect([...h]).toEqual([
      ["a", ["1", "2"]],
      ["b", ["3"]],
    ]);
  });

  it.each(["", "a b", "a:b", "a\r\nb", "ü", "a\x7f"])(
    "PROTO-32: %j is no header name, wherever it comes in",
    (name) => {
      const h = headers();
      expect(() => h.set(name, "x")).toThrow(HeaderError);
      expect(() => h.append(name, "x")).toThrow(HeaderError);
      expect(() => MsgHdrs.fromRecord({ [name]: "x" })).toThrow(expect.objectContaining({ problem: "name" }));
      expect(h.size()).toBe(0);
    },
  );

  it.each(["a\r", "a\nb", "a\r\nInjected: yes", "\ud800"])(
    "PROTO-9, PROTO-32: %j is no header value; the old one stays",
    (value) => {
      const h = MsgHdrs.fromRecord({ a: "old" });
      expect(() => h.set("a", value)).toThrow(expect.objectContaining({ code: "INVALID_HEADER", problem: "value" }));
      expect(() => h.append("a", value)).toThrow(HeaderError);
      expect(() => MsgHdrs.fromRecord({ a: value })).toThrow(HeaderError);
      expect(() => headers(503, value)).toThrow(HeaderError);
      expect(h.values("a")).toEqual(["old"]);
    },
  );

  it("PROTO-33: has code, description, status and hasError", () => {
    expect(headers()).toMatchObject({ code: 0, description: "", hasError: false });
    expect(headers(100, "Idle Heartbeat")).toMatchObject({ status: "100 Idle Heartbeat", hasError: false });
    expect(headers(503)).toMatchObject({ code: 503, status: "503", hasError: true });
    expect(() => headers(0, "text")).toThrow(HeaderError);
  });

  it("writes what it holds now, also after a change", () => {
    const h = headers();
    h.set("a", "1");
    expect(h.toString()).toBe("NATS/1.0\r\na: 1\r\n\r\n");
    h.append("a", "2");
    expect(h.toString()).toBe("NATS/1.0\r\na: 1\r\na: 2\r\n\r\n");
    h.delete("a");
    expect(h.toString()).toBe("NATS/1.0\r\n\r\n");
    h.set("b", "");
    expect(latin1(encodeHeaders(h))).toBe("NATS/1.0\r\nb: \r\n\r\n");
  });
});

describe("a received block", () => {
  it("PROTO-28, PROTO-33: status with and without a description, with and without headers", () => {
    expect(decoded("NATS/1.0\r\n\r\n")).toMatchObject({ code: 0, description: "" });
    expect(decoded("NATS/1.0 503\r\n\r\n")).toMatchObject({ code: 503, description: "" });
    expect(decoded("NATS/1.0 100 Idle Heartbeat\r\n\r\n")).toMatchObject({ code: 100, description: "Idle Heartbeat" });
    expect(decoded("NATS/1.0  404   No Messages \r\nA: b\r\n\r\n")).toMatchObject({
      code: 404,
      description: "No Messages",
    });
    expect(decoded("NATS/1.0 503\r\nNats-Subject: nobody\r\n\r\n").get("Nats-Subject")).toBe("nobody");
  });

  it("PROTO-32: blanks around a value are dropped, colons and blanks in it stay, it may be empty", () => {
    const h = decoded("NATS/1.0\r\na:b\r\nb:   x: y \t\r\nc:\r\nd: \r\n\r\n");
    expect(h.toRecord()).toEqual({ a: ["b"], b: ["x: y"], c: [""], d: [""] });
  });

  it("is read with bare LF and without its empty line", () => {
    expect(decoded("NATS/1.0\na: 1\n\n").get("a")).toBe("1");
    expect(decoded("NATS/1.0\r\na: 1").get("a")).toBe("1");
  });

  it.each([
    "",
    "HTTP/1.1 200\r\n\r\n",
    "NATS/1.0x\r\n\r\n",
    "NATS/1.0503\r\n\r\n",
    "NATS/1.0 5\r\n\r\n",
    "NATS/1.0 5033\r\n\r\n",
    "NATS/1.0\r\nno colon\r\n\r\n",
    "NATS/1.0\r\n: no name\r\n\r\n",
    "NATS/1.0\r\nblank : x\r\n\r\n",
    "NATS/1.0\r\n folded: x\r\n\r\n",
    "NATS/1.0\r\na: x\ry\r\n\r\n",
  ])("PROTO-32: %j cannot be read: a HeaderError, and no status", (block) => {
    expect(() => decoded(block)).toThrow(expect.objectContaining({ problem: "malformed" }));
  });

  it("PROTO-33: the status is found without reading the rest, the same one", () => {
    for (const block of [
      "NATS/1.0\r\n\r\n",
      "NATS/1.0 503\r\n\r\n",
      "NATS/1.0 \t100 X\r\n\r\n",
      "NATS/1.0 503",
      "NATS/1.0 ",
      "NATS/1.0\r\n503: x\r\n\r\n",
    ]) {
      expect(inlineStatus(bytesOf(`xx${block}yy`), 2, 2 + block.length)).toBe(decoded(block).code);
    }
    for (const block of [
      "",
      "NATS",
      "NATS/1.0 5033\r\n",
      "NATS/1.0 5x3\r\n",
      "NATS/1.0 50",
      "NATS/1.0x503\r\n",
      "NATS/1.0 050\r\n",
    ]) {
      expect(inlineStatus(bytesOf(block), 0, block.length)).toBe(0);
    }
  });
});
