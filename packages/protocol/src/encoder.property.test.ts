import { fc, test } from "@fast-check/vitest";
import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect } from "vitest";
import { bytesOf, eventOf, latin1, takeAll } from "../test/events.js";
import {
  DecodedMessage,
  Decoder,
  Encoder,
  HeaderError,
  headers,
  InvalidSubjectError,
  MsgHdrs,
  Op,
  publishSubjectProblem,
  queueProblem,
  subscribeSubjectProblem,
} from "./index.js";

// Mostly harmless, often hostile: every character that means something on the wire, and half surrogates.
const hostile = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_.*>-]{0,12}$/) },
  fc
    .array(
      fc.constantFrom(
        "a",
        ".",
        "*",
        ">",
        " ",
        "\t",
        "\r",
        "\n",
        "\0",
        "\x7f",
        ":",
        "ü",
        "😀",
        "\ud800",
        "\u2028",
        "\u00a0",
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const payload = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "grapheme", maxLength: 80 }));

function utf8(text: string): string {
  return latin1(Buffer.from(text, "utf8"));
}

/** Runs `write`; the one operation it appended as the peer reads it, or the typed error it threw after appending nothing. */
function outcome(encoder: Encoder, write: () => void, from: "server" | "client"): Decoder | Error {
  const before = encoder.pendingBytes;
  try {
    write();
  } catch (error) {
    const typed =
      error instanceof InvalidSubjectError || error instanceof HeaderError || error instanceof InvalidArgumentError;
    if (!typed) throw error;
    expect(encoder.pendingBytes).toBe(before);
    return error;
  }
  const decoder = new Decoder({ from, maxControlLine: 100_000 });
  decoder.push(takeAll(encoder));
  return decoder;
}

function onlyOne(decoder: Decoder): Op {
  const op = decoder.next();
  expect(decoder.bufferedBytes).toBe(0);
  return op;
}

describe("encoder properties (P40)", () => {
  const encoder = new Encoder();

  test.prop([hostile, fc.option(hostile, { nil: undefined }), payload], { numRuns: 4000 })(
    "PROTO-9: a PUB is refused with a typed error, or the peer reads exactly what was given",
    (subject, reply, body) => {
      const result = outcome(encoder, () => void encoder.pub(subject, reply, body), "client");
      const valid =
        publishSubjectProblem(subject) === undefined &&
        (reply === undefined || publishSubjectProblem(reply) === undefined);
      expect(result instanceof Decoder).toBe(valid);
      if (!(result instanceof Decoder)) return;
      expect(onlyOne(result)).toBe(Op.Pub);
      expect(eventOf(Op.Pub, result)).toEqual({
        op: "Pub",
        subject: utf8(subject),
        ...(reply !== undefined && { reply: utf8(reply) }),
        payload: typeof body === "string" ? utf8(body) : latin1(body),
      });
    },
  );

  test.prop([hostile, fc.option(hostile, { nil: undefined }), fc.nat()], { numRuns: 3000 })(
    "PROTO-9: a SUB is refused with a typed error, or the peer reads exactly what was given",
    (subject, queue, sid) => {
      const result = outcome(encoder, () => encoder.sub(subject, queue, sid), "client");
      const valid =
        subscribeSubjectProblem(subject) === undefined && (queue === undefined || queueProblem(queue) === undefined);
      expect(result instanceof Decoder).toBe(valid);
      if (!(result instanceof Decoder)) return;
      expect(onlyOne(result)).toBe(Op.Sub);
      expect(eventOf(Op.Sub, result)).toEqual({
        op: "Sub",
        subject: utf8(subject),
        ...(queue !== undefined && { queue: utf8(queue) }),
        sid: String(sid),
      });
    },
  );

  test.prop([fc.array(fc.tuple(hostile, hostile), { maxLength: 4 }), payload, fc.boolean()], { numRuns: 3000 })(
    "PROTO-9, PROTO-30: a header is refused with a HeaderError, or the peer reads exactly what was given",
    (pairs, body, toServer) => {
      const sent = headers();
      const kept: [string, string][] = [];
      for (const [name, value] of pairs) {
        try {
          sent.append(name, value);
          kept.push([name, value.replace(/^[ \t]+|[ \t]+$/g, "")]);
        } catch (error) {
          expect(error).toBeInstanceOf(HeaderError);
        }
      }
      const write = toServer
        ? () => void encoder.hpub("a", undefined, sent, body)
        : () => void encoder.hmsg("a", 1, "r", sent, body);
      const result = outcome(encoder, write, toServer ? "client" : "server");
      if (!(result instanceof Decoder)) throw result;
      expect(onlyOne(result)).toBe(toServer ? Op.HPub : Op.HMsg);
      const message = new DecodedMessage(result);
      expect(message.headers?.equals(sent)).toBe(true);
      for (const [name] of kept) {
        expect(message.headers?.values(name)).toEqual(
          kept.filter(([other]) => other === name).map(([, value]) => value),
        );
      }
      expect(latin1(message.data)).toBe(typeof body === "string" ? utf8(body) : latin1(body));
    },
  );

  test.prop([fc.string({ unit: "binary", maxLength: 10 }), fc.string({ unit: "binary", maxLength: 10 })], {
    numRuns: 1000,
  })("PROTO-9: sid and error text of the server direction cannot inject either", (sid, text) => {
    const message = outcome(encoder, () => void encoder.msg("a", sid, undefined, "x"), "server");
    if (message instanceof Decoder) {
      expect(onlyOne(message)).toBe(Op.Msg);
      expect(message.sidText()).toBe(sid);
    }
    const error = outcome(encoder, () => encoder.err(text), "server");
    if (error instanceof Decoder) expect(onlyOne(error)).toBe(Op.Err);
  });

  test.prop(
    [
      fc.array(fc.tuple(fc.constantFrom("a", "b.c", "d"), fc.integer({ min: 0, max: 3000 }), fc.boolean()), {
        maxLength: 60,
      }),
    ],
    { numRuns: 300 },
  )("any order of writes and takes gives the same bytes as one buffer would", (steps) => {
    const small = new Encoder({ blockSize: 1024 });
    const pieces: Uint8Array[] = [];
    let expected = "";
    for (const [subject, size, take] of steps) {
      small.pub(subject, undefined, bytesOf("x".repeat(size)));
      expected += `PUB ${subject} ${size}\r\n${"x".repeat(size)}\r\n`;
      const piece = take ? small.take() : undefined;
      if (piece !== undefined) pieces.push(piece);
      expect(small.pendingBytes + pieces.reduce((sum, { length }) => sum + length, 0)).toBe(expected.length);
    }
    pieces.push(takeAll(small));
    expect(latin1(Buffer.concat(pieces))).toBe(expected);
  });

  // Sizes around the block's own, half of it and twice as much, which are treated differently.
  const sizes = fc.oneof(fc.nat(40), fc.constantFrom(480, 1_000, 1_100, 2_000, 2_100), fc.nat(5_000));
  test.prop(
    [fc.array(fc.tuple(sizes, fc.constantFrom("", "", "take", "take all", "reuse", "trim")), { maxLength: 80 })],
    {
      numRuns: 500,
    },
  )("what is given back is written over, what is out or waits never is", (steps) => {
    const small = new Encoder({ blockSize: 1024 });
    // Bytes that are out are looked at when they are given back, as a socket that hands them on late.
    const out: Uint8Array[] = [];
    let sent = "";
    let expected = "";
    steps.forEach(([size, then], step) => {
      const body = String.fromCharCode(97 + (step % 26)).repeat(size);
      small.pub("s", undefined, bytesOf(body));
      expected += `PUB s ${size}\r\n${body}\r\n`;
      for (let more = then.startsWith("take"); more; more = then === "take all") {
        const piece = small.take();
        if (piece === undefined) break;
        out.push(piece);
      }
      if (then === "reuse") {
        sent += latin1(Buffer.concat(out.splice(0)));
        small.reuse();
      } else if (then === "trim") small.trim();
    });
    expect(sent + latin1(Buffer.concat([...out, takeAll(small)]))).toBe(expected);
  });

  test.prop(
    [
      fc.dictionary(
        fc.stringMatching(/^[!-9;-~]{1,8}$/),
        fc.array(
          fc.string({ maxLength: 8 }).map((s) => s.trim().replace(/[\r\n]/g, "")),
          { minLength: 1, maxLength: 3 },
        ),
      ),
    ],
    { numRuns: 500 },
  )("headers survive a record and back", (record) => {
    const own = { ...record };
    expect(MsgHdrs.fromRecord(own).toRecord()).toEqual(own);
  });
});
