import { describe, expect, it } from "vitest";
import { blastSubject, msgChunks, msgFrame, parseBlast, pubFrame } from "./frames.js";

describe("frames", () => {
  it("are the protocol's own", () => {
    expect(msgFrame("9", 3).toString()).toBe("MSG orders.eu.created 9 3\r\nxxx\r\n");
    expect(pubFrame(3).toString()).toBe("PUB orders.eu.created 3\r\nxxx\r\n");
  });

  it("are cut into chunks without losing a byte", () => {
    const chunks = msgChunks(16, 1000, 4096);
    expect(Buffer.concat(chunks).equals(Buffer.alloc(msgFrame("7", 16).length * 1000, msgFrame("7", 16)))).toBe(true);
    expect(chunks.slice(0, -1).every(({ length }) => length === 4096)).toBe(true);
  });
});

describe("parseBlast", () => {
  it("reads what blastSubject wrote and nothing else", () => {
    const shape = { kind: "sids", count: 30, first: 7 } as const;
    expect(parseBlast(blastSubject(16, 100))).toEqual({ size: 16, messages: 100, shape: { kind: "plain", count: 1 } });
    expect(parseBlast(blastSubject(16, 100, shape))).toEqual({ size: 16, messages: 100, shape });
    expect(parseBlast("orders.16.100")).toBeUndefined();
    expect(parseBlast("blast.16")).toBeUndefined();
    expect(parseBlast("blast.16.100.1")).toBeUndefined();
  });
});
