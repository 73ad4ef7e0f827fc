import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  isWellFormed,
  portableReadUtf8,
  portableUtf8Length,
  portableWriteUtf8,
  readUtf8,
  utf8Length,
  writeUtf8,
} from "./utf8.js";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(fc.constantFrom("a", "é", "€", "\ud83d", "\ude00", "\ufeff"), { maxLength: 20 })
    .map((parts) => parts.join("")),
);

describe("text to bytes and back", () => {
  test.prop([text])("the runtime's quick way and the portable one agree, on plain arrays too", (given) => {
    const expected = new Uint8Array(Buffer.from(given, "utf8"));
    expect(utf8Length(given)).toBe(expected.length);
    expect(portableUtf8Length(given)).toBe(expected.length);
    for (const write of [writeUtf8, portableWriteUtf8]) {
      for (const block of [new Uint8Array(200), Buffer.alloc(200)]) {
        expect(write(block, 3, given)).toBe(3 + expected.length);
        expect(new Uint8Array(block.subarray(3, 3 + expected.length))).toEqual(expected);
      }
    }
    expect(isWellFormed(given)).toBe(expected.length === 0 || Buffer.from(expected).toString("utf8") === given);
  });

  it("a byte order mark is data like any other", () => {
    const marked = new Uint8Array([0xef, 0xbb, 0xbf, 0x61]);
    for (const bytes of [marked, Buffer.from(marked)]) expect(readUtf8(bytes, 0, 4)).toBe("\ufeffa");
  });

  test.prop([fc.uint8Array({ maxLength: 60 }), fc.nat(5)])("any bytes read the same in every way", (bytes, start) => {
    fc.pre(start <= bytes.length);
    const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(start));
    expect(readUtf8(bytes, start, bytes.length)).toBe(expected);
    expect(readUtf8(Buffer.from(bytes), start, bytes.length)).toBe(expected);
    expect(portableReadUtf8(bytes, start, bytes.length)).toBe(expected);
  });
});
