import { expect, it } from "vitest";
import { shown, sizeOf } from "./payload.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("what fits is JSON for an object, text for text, hex for bytes that are neither", () => {
  expect(shown(bytes('{"a":[1,  2]}'), "auto")).toEqual({
    as: "json",
    line: '{"a":[1,2]}',
    full: '{\n  "a": [\n    1,\n    2\n  ]\n}',
  });
  expect(shown(bytes("two\n lines, Zürich"), "auto")).toEqual({
    as: "text",
    line: "two lines, Zürich",
    full: "two\n lines, Zürich",
  });
  expect(shown(bytes("42"), "auto").as).toBe("text");
  expect(shown(bytes('{"a":'), "auto").as).toBe("text");
  expect(shown(new Uint8Array([0xff, 0xfe]), "auto")).toMatchObject({ as: "hex", line: "ff fe" });
  expect(shown(new Uint8Array([0x61, 0, 0x62]), "auto").as).toBe("hex");
  expect(shown(new Uint8Array(), "auto")).toEqual({ as: "empty", line: "no payload", full: "" });
});

it("a format that was chosen is kept to, as far as it goes", () => {
  expect(shown(bytes('{"a":1}'), "text")).toMatchObject({ as: "text", full: '{"a":1}' });
  expect(shown(bytes("plain"), "json")).toMatchObject({ as: "text", full: "plain" });
  expect(shown(new Uint8Array([0x61, 0xff]), "text")).toMatchObject({ as: "text", full: "a\ufffd" });
  expect(shown(bytes("0123456789abcdefG"), "hex").full).toBe(
    "000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n" +
      "000010  47                                               G",
  );
});

it("a long message is cut, and says by how much", () => {
  expect(shown(bytes('{"a":1}'), "auto", 1_007)).toEqual({
    as: "text",
    line: '{"a":1}',
    full: '{"a":1}\n… 1000 more bytes',
  });
  // In the midst of a character.
  expect(shown(bytes("aü").subarray(0, 2), "auto", 10).as).toBe("text");
  expect(shown(new Uint8Array(10_000), "hex").full.split("\n")).toHaveLength(257);
});

it.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_536, "1.5 KiB"],
  [65_536, "64 KiB"],
  [5_242_880, "5.0 MiB"],
])("%i bytes are %s", (size, words) => expect(sizeOf(size)).toBe(words));
