import { MsgHdrs } from "@myelin/protocol";
import { describe, expect, it } from "vitest";
import { thrown } from "../test/simulated.js";
import { headers, readHeaders } from "./headers.js";
import { toUtf8 } from "./utf8.js";

describe("headers", () => {
  it("hold lists of values by name, and are written as the full client writes them", () => {
    const h = headers();
    const full = new MsgHdrs();
    for (const one of [h, full]) {
      one.append("a", "1");
      one.append("a", " 2 ");
      one.set("b", "é:x");
      one.set("c", "gone");
      one.delete("c");
    }
    expect([h.get("a"), h.values("a"), h.has("c"), h.get("c"), h.keys()]).toEqual([
      "1",
      ["1", "2"],
      false,
      "",
      ["a", "b"],
    ]);
    expect(h.toString()).toBe(full.toString());
  });

  it.each([
    ["a", "x\r\nb: y"],
    ["a", "x\ny"],
    ["a", "\ud800"],
    ["a", 1 as never],
    ["", "x"],
    ["a b", "x"],
    ["a:b", "x"],
    ["é", "x"],
  ])("that would break the wire are refused: %j, %j", (name, value) => {
    const h = headers();
    expect(thrown(() => h.set(name, value))).toMatchObject({ code: "INVALID_HEADER" });
    expect(thrown(() => h.append(name, value))).toMatchObject({ code: "INVALID_HEADER" });
    expect(h.keys()).toEqual([]);
  });

  it("that were received are read with their status, and refused when they are malformed", () => {
    const read = readHeaders(toUtf8("NATS/1.0 503 No Responders\r\na: 1\r\na:2\r\n\r\n"));
    expect([read.code, read.description, read.values("a")]).toEqual([503, "No Responders", ["1", "2"]]);
    for (const block of ["NATS/2.0\r\n\r\n", "", "NATS/1.0\r\nno colon\r\n\r\n", "NATS/1.0\r\na: \rx\r\n\r\n"]) {
      expect(thrown(() => readHeaders(toUtf8(block)))).toMatchObject({ code: "INVALID_HEADER", problem: "malformed" });
    }
  });
});
