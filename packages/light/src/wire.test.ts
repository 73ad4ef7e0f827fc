// The codec beside that of @myelin/protocol: the same operations for every cut of every stream, or both refuse.

import { fc, it } from "@fast-check/vitest";
import { Decoder, Op } from "@myelin/protocol";
import { describe, expect } from "vitest";
import { fromUtf8, toUtf8 } from "./utf8.js";
import { type IncomingMessage, wireDecoder } from "./wire.js";

type Outcome = readonly [operations: readonly unknown[], refused: boolean];

const VERBS: { readonly [op: number]: string } = {
  [Op.Msg]: "msg",
  [Op.HMsg]: "hmsg",
  [Op.Ping]: "ping",
  [Op.Pong]: "pong",
  [Op.Ok]: "+ok",
  [Op.Err]: "-err",
  [Op.Info]: "info",
};

function byProtocol(chunks: readonly Uint8Array[]): Outcome {
  const decoder = new Decoder({ from: "server" });
  const found: unknown[] = [];
  const text = (from: number, to: number): string => fromUtf8(decoder.buffer.subarray(from, to));
  try {
    for (const chunk of chunks) {
      decoder.push(chunk.slice());
      for (let op = decoder.next(); op !== Op.None; op = decoder.next()) {
        const verb = VERBS[op];
        if (op === Op.Msg || op === Op.HMsg) {
          const { headersStart, payloadEnd, payloadStart, replyEnd, replyStart, sid, subjectEnd, subjectStart } =
            decoder;
          found.push({
            verb,
            sid,
            subject: text(subjectStart, subjectEnd),
            reply: replyEnd > replyStart ? text(replyStart, replyEnd) : undefined,
            block: payloadStart > headersStart ? [...decoder.buffer.subarray(headersStart, payloadStart)] : undefined,
            data: [...decoder.buffer.subarray(payloadStart, payloadEnd)],
          });
        } else found.push({ verb, text: op === Op.Err || op === Op.Info ? decoder.text() : "" });
      }
    }
  } catch {
    return [found, true];
  }
  return [found, false];
}

function byLight(chunks: readonly Uint8Array[]): Outcome {
  const decoder = wireDecoder();
  const found: unknown[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk.slice());
      for (let one = decoder.next(); one !== undefined; one = decoder.next()) {
        if (!("sid" in one)) found.push(one);
        else found.push({ ...one, block: one.block && [...one.block], data: [...one.data] });
      }
    }
  } catch {
    return [found, true];
  }
  return [found, false];
}

const word = fc.oneof(
  fc.string({ minLength: 1, maxLength: 5, unit: "binary" }),
  fc.constantFrom("a", "s.b", "_INBOX.1"),
);
const blanks = fc.constantFrom(" ", "  ", "\t", " \t ");
const payload = fc.uint8Array({ maxLength: 40 });
const sid = fc.oneof(fc.nat(99).map(String), fc.constantFrom("007", "x", "9007199254740993"));
const msg = fc
  .tuple(word, sid, fc.option(word), payload, blanks)
  .map(([subject, id, reply, data, gap]) =>
    line(["MSG", subject, id, ...(reply === null ? [] : [reply]), String(data.length)].join(gap), data),
  );
const hmsg = fc
  .tuple(word, sid, payload, payload)
  .map(([subject, id, head, data]) =>
    line(`HMSG ${subject} ${id} ${head.length} ${head.length + data.length}`, new Uint8Array([...head, ...data])),
  );
const control = fc
  .constantFrom(
    "PING",
    "pong",
    "+OK",
    "+OK ",
    "INFO {}",
    "INFO",
    "-ERR 'x y'",
    "-err",
    "Ping\t",
    "-ERR ''",
    "-ERR a'b'",
  )
  .map((text) => toUtf8(`${text}\r\n`));
const wrong = fc
  .constantFrom(
    "PONG x",
    "MSG a 1",
    "MSG a 1 x",
    "HMSG a 1 5 3",
    "PINGX",
    "MSG a 1 99999999999",
    "\r",
    "PING\n",
    "INFO{}",
    " PING",
  )
  .map((text) => toUtf8(`${text}\r\n`));
const garbage = fc.oneof(payload, fc.string({ unit: "binary" }).map(toUtf8));
const rare = { weight: 1, arbitrary: fc.oneof(wrong, garbage) };
const stream = fc
  .array(fc.oneof({ weight: 8, arbitrary: fc.oneof(msg, hmsg, control) }, rare), { maxLength: 12 })
  .map(joined);

function line(text: string, data: Uint8Array): Uint8Array {
  return joined([toUtf8(`${text}\r\n`), data, toUtf8("\r\n")]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] ?? 1);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe("the codec", () => {
  const runs = { numRuns: 600 };

  it.prop([stream, fc.array(fc.integer({ min: 1, max: 30 }))], runs)(
    "PROTO-1: reads what @myelin/protocol reads, whatever the cuts, or both refuse",
    (bytes, sizes) => {
      // Whatever began as a line ends, so that both have to say what they think of it.
      const whole = joined([bytes, toUtf8("\r\n".repeat(60))]);
      const chunks = cut(whole, sizes);
      expect(byLight(chunks)).toEqual(byProtocol(chunks));
      expect(byLight(chunks)).toEqual(byLight([whole]));
    },
  );

  it.prop([garbage, fc.array(fc.integer({ min: 1, max: 9 }))], runs)(
    "PROTO-1: says of garbage what @myelin/protocol says",
    (bytes, sizes) => {
      const chunks = cut(joined([bytes, toUtf8("\r\n")]), sizes);
      expect(byLight(chunks)).toEqual(byProtocol(chunks));
    },
  );

  it("refuses a line that never ends, at the bound of its kind, and a first word that is none at once", () => {
    const most = (verb: string, size: number): number => {
      const decoder = wireDecoder();
      decoder.push(toUtf8(`${verb} `));
      for (let sum = 0; sum < size; sum += 1024) {
        decoder.push(new Uint8Array(1024).fill(97));
        try {
          decoder.next();
        } catch {
          return sum;
        }
      }
      return size;
    };
    expect(most("MSG", 100_000)).toBe(65_536);
    expect(most("INFO", 2_000_000)).toBe(1_048_576);
    const decoder = wireDecoder();
    decoder.push(toUtf8("HTTP/1"));
    expect(() => decoder.next()).toThrow();
  });

  it("hands on plain bytes, also of a chunk that is Node's Buffer, whose slice() copies nothing", () => {
    const decoder = wireDecoder();
    decoder.push(Buffer.from("HMSG a 1 12 14\r\nNATS/1.0\r\n\r\nok\r\n"));
    const { block, data } = decoder.next() as IncomingMessage;
    expect([block, data].map((bytes) => bytes instanceof Buffer)).toEqual([false, false]);
    expect(data).toEqual(toUtf8("ok"));
  });

  it("joins the chunks of a large message once", () => {
    const decoder = wireDecoder();
    const size = 8 * 1024 * 1024;
    decoder.push(toUtf8(`MSG a 1 ${size}\r\n`));
    expect(decoder.next()).toBeUndefined();
    for (let sent = 0; sent < size; sent += 4096) {
      decoder.push(new Uint8Array(4096));
      expect(decoder.next()).toBeUndefined();
    }
    decoder.push(toUtf8("\r\nPING\r\n"));
    expect(decoder.next()).toMatchObject({ verb: "msg", sid: 1 });
    expect(decoder.next()).toMatchObject({ verb: "ping" });
    expect(decoder.next()).toBeUndefined();
  });
});
