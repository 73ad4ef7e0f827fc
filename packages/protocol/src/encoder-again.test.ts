// Publishing again to the subject of the publish before, which goes a shorter way.

import { expect, it } from "vitest";
import { Encoder, MaxPayloadError } from "./encoder.js";

it("bytes to a subject of any length, published again and again, in sizes of any number of digits", () => {
  for (let length = 1; length <= 40; length++) {
    const subject = "s".repeat(length);
    const sizes = [3, 3, 0, 7, 42, 100, 999, 1_000, 65_536, 99_999, 100_000, 999_999, 1_000_000, 1];
    const text = encoded((encoder) => {
      for (const size of sizes) encoder.pub(subject, undefined, new Uint8Array(size).fill(120));
    });
    expect(text).toBe(sizes.map((size) => `PUB ${subject} ${size}\r\n${"x".repeat(size)}\r\n`).join(""));
  }
});

it("PROTO-36: a message too large to a subject published before is refused, and leaves nothing", () => {
  const text = encoded((encoder) => {
    encoder.maxPayload = 4;
    for (let i = 0; i < 3; i++) encoder.pub("s", undefined, new Uint8Array(1).fill(120));
    expect(() => encoder.pub("s", undefined, new Uint8Array(5))).toThrow(MaxPayloadError);
  });
  expect(text).toBe("PUB s 1\r\nx\r\n".repeat(3));
});

function encoded(write: (encoder: Encoder) => void): string {
  const encoder = new Encoder();
  write(encoder);
  const blocks: Uint8Array[] = [];
  for (let block = encoder.take(); block !== undefined; block = encoder.take()) blocks.push(block);
  return Buffer.concat(blocks).toString("latin1");
}
