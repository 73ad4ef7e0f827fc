import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { bytesOf } from "../test/events.js";
import { readHeaders } from "./header-block.js";
import { decodeHeaders } from "./index.js";

// Pieces of which lines are made, right ones and wrong ones, each character a byte.
const piece = fc.constantFrom(
  "a",
  "Key",
  ":",
  ": ",
  " ",
  "\t",
  "v",
  "\r",
  "\n",
  "\r\n",
  "\xc3\xa9",
  "\xe2\x82",
  "\xff",
  "\x7f",
  "",
);
const block = fc
  .tuple(
    fc.constantFrom("NATS/1.0\r\n", "NATS/1.0\n", "NATS/1.0 503 No\r\n", "NATS/1.0", "NATS"),
    fc.array(piece, { maxLength: 24 }),
  )
  .map(([first, rest]) => first + rest.join(""));

/** What {@link readHeaders} does, plainly: the names with their values, or undefined when it is malformed. */
function plainly(bytes: Uint8Array): Record<string, string[]> | undefined {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const [first = "", ...lines] = text.split("\n");
  if (!/^NATS\/1\.0(?:[ \t]+[1-9]\d\d(?:[ \t]+.*)?)?[ \t]*$/.test(lines.length > 0 ? first.replace(/\r$/, "") : first))
    return undefined;
  // What follows the last line end is no line when it is empty.
  if (lines.at(-1) === "") lines.pop();
  const ended = text.endsWith("\n") ? lines.length : lines.length - 1;
  const fields: Record<string, string[]> = {};
  for (const [index, line] of lines.entries()) {
    const whole = index < ended ? line.replace(/\r$/, "") : line;
    if (whole === "") break;
    const field = /^([!-9;-~]+):[ \t]*([^\r]*)$/.exec(whole);
    if (field === null) return undefined;
    fields[field[1] ?? ""] = [...(fields[field[1] ?? ""] ?? []), (field[2] ?? "").replace(/[ \t]+$/, "")];
  }
  return fields;
}

function readAs(read: () => { toRecord(): Record<string, string[]> }): Record<string, string[]> | undefined {
  try {
    return read().toRecord();
  } catch {
    return undefined;
  }
}

describe("a received block of headers", () => {
  test.prop([block], { numRuns: 3_000 })(
    "PROTO-30: reads as lines that are split and matched, wherever in a chunk it lies",
    (text) => {
      const bytes = bytesOf(text);
      const expected = plainly(bytes);
      expect(readAs(() => decodeHeaders(bytes))).toEqual(expected);
      // What lies around it, payload or line, is never looked at.
      const chunk = bytesOf(`\n:${text}\n: x\r\n`);
      const end = 2 + bytes.length;
      expect(readAs(() => readHeaders(chunk, 2, end))).toEqual(expected);
      if (expected === undefined) return;
      for (const name of [...Object.keys(expected), "Key", "none"]) {
        expect(readHeaders(chunk, 2, end).get(name)).toBe(expected[name]?.[0] ?? "");
      }
    },
  );
});
