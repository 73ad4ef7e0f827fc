import { describe, expect, it } from "vitest";
import { LastSubject, ReceivedChunk } from "./received-chunk.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("LastSubject", () => {
  it("PROTO-6: tells subjects apart that share length, beginning or end, whatever came before", () => {
    const last = new LastSubject();
    const subjects = [
      "a.b",
      "a.c",
      "b.b",
      "a.b",
      "",
      "a",
      "é.x",
      "e.xy",
      "x".repeat(64),
      `y${"x".repeat(63)}`,
      "x".repeat(65),
    ];
    for (const subject of [...subjects, ...subjects.toReversed(), ...subjects]) {
      const bytes = bytesOf(`__${subject}__`);
      expect(last.read(bytes, 2, bytes.length - 2)).toBe(subject);
    }
  });

  it("remembers no reference to the chunk it read from", () => {
    const last = new LastSubject();
    const bytes = bytesOf("a.b");
    expect(last.read(bytes, 0, 3)).toBe("a.b");
    bytes.fill(120);
    expect(last.read(bytesOf("a.b"), 0, 3)).toBe("a.b");
    expect(last.read(bytes, 0, 3)).toBe("xxx");
  });
});

describe("ReceivedChunk", () => {
  it("views bytes of a chunk that lies within a larger buffer, without copying", () => {
    const whole = bytesOf("0123456789");
    const chunk = new ReceivedChunk(whole.subarray(2, 8), new LastSubject());
    const view = chunk.view(1, 3);
    expect(new TextDecoder().decode(view)).toBe("34");
    expect(view.buffer).toBe(whole.buffer);
    expect(chunk.subject(0, 2)).toBe("23");
  });
});
