import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { encodeEvent, latin1, takeAll } from "../test/events.js";
import { fixtures } from "../test/wire-fixtures.js";
import {
  type ConnectOptions,
  Decoder,
  Encoder,
  HeaderError,
  headers,
  InvalidSubjectError,
  MaxPayloadError,
  type MsgHdrs,
  Op,
} from "./index.js";

const minimal: ConnectOptions = { verbose: false, pedantic: false, tls_required: false, lang: "ts", version: "1.0.0" };

function written(write: (encoder: Encoder) => void): string {
  const encoder = new Encoder();
  write(encoder);
  return latin1(takeAll(encoder));
}

function refusal(write: (encoder: Encoder) => void, encoder: Encoder = new Encoder()): unknown {
  const before = encoder.pendingBytes;
  try {
    write(encoder);
  } catch (error) {
    expect(encoder.pendingBytes).toBe(before);
    return error;
  }
  throw new Error("nothing was thrown");
}

function connectFields(options: ConnectOptions): unknown {
  const line = Buffer.from(
    written((encoder) => encoder.connect(options)),
    "latin1",
  ).toString("utf8");
  return JSON.parse(line.slice("CONNECT ".length));
}

describe("what an encoder writes", () => {
  it.each(fixtures.filter(({ only }) => only !== "decode"))("$name ($from), byte for byte", ({ bytes, event }) => {
    expect(written((encoder) => encodeEvent(encoder, event))).toBe(bytes);
  });

  it("PROTO-12, PROTO-36: pub and hpub return the bytes of headers and payload", () => {
    const encoder = new Encoder();
    const some = headers();
    some.set("Bar", "Baz");
    expect(encoder.pub("a", undefined, undefined)).toBe(0);
    expect(encoder.pub("a", undefined, "é")).toBe(2);
    expect(encoder.pub("a", undefined, "é".repeat(100))).toBe(200);
    expect(encoder.hpub("a", undefined, some, "Hello NATS!")).toBe(33);
  });

  it.each([0, 1, 39, 40, 41, 300])("text of %d characters goes out as UTF-8, its size in bytes", (length) => {
    for (const character of ["x", "é", "€", "😀"]) {
      const text = "x".repeat(Math.max(0, length - 1)) + (length > 0 ? character : "");
      const bytes = Buffer.from(text, "utf8");
      expect(written((encoder) => encoder.pub("a", "r", text))).toBe(`PUB a r ${bytes.length}\r\n${latin1(bytes)}\r\n`);
    }
  });

  it("the same subject again and again is written the same, whatever comes between", () => {
    const subjects = ["a.b", "a.b", "a.b", "c", "a.b", "c", "c", "c", "a.b"];
    const text = written((encoder) => subjects.forEach((subject) => void encoder.pub(subject, undefined, "x")));
    expect(text).toBe(subjects.map((subject) => `PUB ${subject} 1\r\nx\r\n`).join(""));
  });

  it("PROTO-6: a UTF-8 subject goes out as it is", () => {
    expect(written((encoder) => encoder.pub("grüße", undefined, "x"))).toBe("PUB gr\xc3\xbc\xc3\x9fe 1\r\nx\r\n");
    expect(written((encoder) => encoder.sub("grüße.*", "größe", 1))).toBe(
      "SUB gr\xc3\xbc\xc3\x9fe.* gr\xc3\xb6\xc3\x9fe 1\r\n",
    );
  });

  it("a sid or size of any number of digits", () => {
    for (const sid of [0, 9, 10, 99, 100, 12_345, 999_999, 1_000_000, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      expect(written((encoder) => encoder.sub("a", undefined, sid))).toBe(`SUB a ${sid}\r\n`);
    }
  });

  it("raw operations keep their place in the order", () => {
    expect(
      written((encoder) => {
        encoder.ping();
        encoder.raw(Buffer.from("PONG\r\n"));
        encoder.ping();
      }),
    ).toBe("PING\r\nPONG\r\nPING\r\n");
  });

  it("PROTO-25: CONNECT has the fields of its auth mode and no others", () => {
    const base = ["verbose", "pedantic", "tls_required", "lang", "version"];
    const modes: [Partial<ConnectOptions>, string[]][] = [
      [{}, []],
      [{ auth_token: "t" }, ["auth_token"]],
      [{ user: "u", pass: "p" }, ["user", "pass"]],
      [{ nkey: "U", sig: "s" }, ["nkey", "sig"]],
      [{ jwt: "j", sig: "s", nkey: "" }, ["jwt", "sig"]],
      [
        { name: undefined, headers: true, no_responders: true, echo: false, protocol: 1 },
        ["headers", "no_responders", "echo", "protocol"],
      ],
    ];
    for (const [mode, fields] of modes) {
      expect(Object.keys(connectFields({ ...minimal, ...mode }) as object).sort()).toEqual([...base, ...fields].sort());
    }
  });

  it("PROTO-11, PROTO-26: CONNECT carries the values given, tls_required among them", () => {
    expect(connectFields({ ...minimal, tls_required: true, name: "ü\r\n" })).toMatchObject({
      tls_required: true,
      name: "ü\r\n",
    });
    expect(written((encoder) => encoder.connect({ ...minimal, name: "a\r\nPING" })).match(/\r\n/g)).toHaveLength(1);
  });

  it("PROTO-27: fields of a server never leak into CONNECT", () => {
    const options = { ...minimal, server_id: "x", nonce: "y", max_payload: 1 };
    expect(Object.keys(connectFields(options) as object)).not.toContain("server_id");
    expect(Object.keys(connectFields(options) as object)).not.toContain("nonce");
  });
});

describe("what an encoder refuses, and then has appended nothing", () => {
  const bad: [string, string, string][] = [
    ["", "empty", "PROTO-6"],
    ["FOO. BAR", "whitespace", "PROTO-6"],
    ["foo..bar", "empty-token", "PROTO-6"],
    [".foo", "empty-token", "PROTO-6"],
    ["foo.", "empty-token", "PROTO-6"],
    [".", "empty-token", "PROTO-6"],
    ["a\tb", "whitespace", "PROTO-9"],
    ["a 5\r\nhello\r\nPUB b", "whitespace", "PROTO-9"],
    ["a\r\nPING", "whitespace", "PROTO-9"],
    ["a\0b", "control-character", "PROTO-9"],
    ["a\x7fb", "control-character", "PROTO-9"],
    ["ü b", "whitespace", "PROTO-9"],
    ["a\ud800", "not-unicode", "PROTO-9"],
  ];

  it.each(bad)("%j is no subject and no reply subject: %s (%s)", (text, problem) => {
    for (const write of [
      (encoder: Encoder) => encoder.pub(text, undefined, "x"),
      (encoder: Encoder) => encoder.pub("a", text, "x"),
      (encoder: Encoder) => encoder.pub("a", text, new Uint8Array(100)),
      (encoder: Encoder) => encoder.hpub(text, undefined, headers(), "x"),
      (encoder: Encoder) => encoder.hpub("a", text, headers(), "x"),
      (encoder: Encoder) => encoder.msg(text, 1, undefined, "x"),
      (encoder: Encoder) => encoder.hmsg("a", 1, text, headers(), "x"),
      (encoder: Encoder) => encoder.sub(text, undefined, 1),
    ]) {
      expect(refusal((encoder) => void write(encoder))).toMatchObject({
        code: "INVALID_SUBJECT",
        problem,
        subject: text,
      });
    }
  });

  it("an object that is no headers is refused, and one whose text is a block is not, whoever made it", () => {
    const others: unknown[] = [
      { a: "1" },
      {},
      new Map([["a", "1"]]),
      "NATS/1.0\r\n\r\n",
      null,
      { toString: () => "NATS/1.0\r\na: 1" },
      { toString: 1 },
      Object.create(null),
    ];
    for (const other of others) {
      const refused = { code: "INVALID_ARGUMENT", argument: "headers" };
      expect(refusal((encoder) => encoder.hpub("a", undefined, other as MsgHdrs, "x"))).toMatchObject(refused);
      expect(refusal((encoder) => encoder.hmsg("a", 1, undefined, other as MsgHdrs, "x"))).toMatchObject(refused);
    }
    // As those of nats.js that hold nothing.
    const empty = { toString: () => "" } as unknown as MsgHdrs;
    expect(written((encoder) => encoder.hpub("a", undefined, empty, "x"))).toBe(
      "HPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\n",
    );
    const foreign = { toString: () => "NATS/1.0\r\na: 1\r\n\r\n" } as unknown as MsgHdrs;
    expect(written((encoder) => encoder.hpub("a", undefined, foreign, "x"))).toBe(
      "HPUB a 18 19\r\nNATS/1.0\r\na: 1\r\n\r\nx\r\n",
    );
  });

  it.each(["", "a b", "a\r\nPING", "a\tb", "\0"])("PROTO-9: %j is no queue group", (queue) => {
    expect(refusal((encoder) => encoder.sub("a", queue, 1))).toBeInstanceOf(InvalidSubjectError);
  });

  it.each(["*", ">", "a.*", "a.>", "*.a"])("PROTO-56: %j is not for publishing, unless asked for", (subject) => {
    expect(refusal((encoder) => encoder.pub(subject, undefined, "x"))).toMatchObject({ problem: "wildcard" });
    const encoder = new Encoder({ wildcardsInPublish: "allow" });
    encoder.pub(subject, undefined, "x");
    expect(latin1(takeAll(encoder))).toBe(`PUB ${subject} 1\r\nx\r\n`);
  });

  it.each(["foo*.bar", "f*o.b*r", "foo>", "a.b>"])("PROTO-7: %j has no wildcard and may be published to", (subject) => {
    expect(written((encoder) => encoder.pub(subject, undefined, ""))).toBe(`PUB ${subject} 0\r\n\r\n`);
  });

  it("PROTO-36: a message above maxPayload, headers counted, with the facts in the error", () => {
    const encoder = new Encoder();
    encoder.maxPayload = 33;
    const some = headers();
    some.set("Bar", "Baz");
    encoder.hpub("a", undefined, some, "Hello NATS!");
    encoder.pub("a", undefined, "x".repeat(33));
    for (const payload of ["x".repeat(34), "é".repeat(17), "é".repeat(30), new Uint8Array(34)]) {
      const error = refusal((e) => e.pub("s", undefined, payload), encoder);
      expect(error).toBeInstanceOf(MaxPayloadError);
      expect(error).toMatchObject({ code: "MAX_PAYLOAD", limit: 33, subject: "s", size: Buffer.byteLength(payload) });
    }
    expect(refusal((e) => e.hpub("s", undefined, some, "Hello NATS!!"), encoder)).toMatchObject({
      size: 34,
      limit: 33,
    });
    encoder.maxPayload = 34;
    encoder.pub("a", undefined, "x".repeat(34));
  });

  it("arguments of another type", () => {
    const wrong = [
      (e: Encoder) => e.pub(undefined as unknown as string, undefined, "x"),
      (e: Encoder) => e.pub("a", 5 as unknown as string, "x"),
      (e: Encoder) => e.pub("a", undefined, { a: 1 } as unknown as string),
      (e: Encoder) => e.pub("a", undefined, 5 as unknown as string),
      (e: Encoder) => e.pub("a", undefined, new ArrayBuffer(3) as unknown as Uint8Array),
      (e: Encoder) => e.sub("a", undefined, -1),
      (e: Encoder) => e.sub("a", undefined, 1.5),
      (e: Encoder) => e.unsub(1, 0),
      (e: Encoder) => e.msg("a", "1 2", undefined, "x"),
      (e: Encoder) => e.msg("a", "", undefined, "x"),
      (e: Encoder) => e.err("a\r\nb"),
    ];
    for (const write of wrong) {
      const error = refusal((encoder) => void write(encoder));
      expect(error instanceof InvalidArgumentError || error instanceof InvalidSubjectError).toBe(true);
    }
    expect(() => new Encoder({ blockSize: 10 })).toThrow(InvalidArgumentError);
    expect(refusal(() => headers(99))).toBeInstanceOf(HeaderError);
  });
});

describe("outgoing blocks", () => {
  it("counts what was encoded and not taken, and gives it in order", () => {
    const encoder = new Encoder({ blockSize: 1024 });
    expect(encoder.take()).toBeUndefined();
    let expected = "";
    for (let i = 0; i < 500; i++) {
      const payload = String(i).repeat(1 + (i % 9) * 40);
      encoder.pub("s", undefined, payload);
      expected += `PUB s ${payload.length}\r\n${payload}\r\n`;
      expect(encoder.pendingBytes).toBeGreaterThan(0);
    }
    expect(encoder.pendingBytes).toBe(expected.length);
    expect(latin1(takeAll(encoder))).toBe(expected);
    expect(encoder.pendingBytes).toBe(0);
    expect(encoder.take()).toBeUndefined();
  });

  it("never touches bytes it has handed out, and goes on in the rest of their block", () => {
    const encoder = new Encoder();
    encoder.ping();
    const first = encoder.take() ?? new Uint8Array();
    encoder.pong();
    const second = encoder.take() ?? new Uint8Array();
    for (let i = 0; i < 5000; i++) encoder.pub("s", undefined, "xxxxxxxxxxxxxxxx");
    takeAll(encoder);
    expect([latin1(first), latin1(second)]).toEqual(["PING\r\n", "PONG\r\n"]);
    expect(second.buffer).toBe(first.buffer);
  });

  it("writes again to what was given back: to the rest of its block, and to a whole one in place of the next", () => {
    const encoder = new Encoder({ blockSize: 1024 });
    for (let i = 0; i < 3; i++) encoder.raw(new Uint8Array(500));
    expect(encoder.hasFullBlock).toBe(true);
    const full = encoder.take();
    encoder.reuse();
    for (let i = 0; i < 2; i++) encoder.raw(new Uint8Array(500));
    const [second, third] = [encoder.take(), encoder.take()];
    expect([full?.length, second?.length, third?.length, encoder.hasFullBlock]).toEqual([1_000, 1_000, 500, false]);
    expect([second?.buffer === full?.buffer, third?.buffer === full?.buffer]).toEqual([false, true]);
    encoder.reuse();
    encoder.ping();
    const again = encoder.take();
    expect([again?.buffer === third?.buffer, again?.byteOffset]).toEqual([true, third?.byteOffset]);
    expect(latin1(again ?? new Uint8Array())).toBe("PING\r\n");
  });

  it("writes over nothing that has not been taken, when what was taken of its block is given back", () => {
    const encoder = new Encoder({ blockSize: 1024 });
    encoder.raw(new Uint8Array(600));
    encoder.raw(new Uint8Array(500).fill(1));
    encoder.take();
    encoder.take();
    // The block is filled up, and the rest of it waits in line.
    encoder.raw(new Uint8Array(500).fill(2));
    encoder.raw(new Uint8Array(500).fill(3));
    encoder.reuse();
    for (let i = 0; i < 10; i++) encoder.raw(new Uint8Array(500).fill(9));
    expect([...takeAll(encoder)].filter((byte) => byte === 2 || byte === 3)).toHaveLength(1_000);
  });

  it("has a large message leave at once, and writes the next one, of about its size, to the same memory", () => {
    const encoder = new Encoder();
    encoder.ping();
    expect(encoder.hasFullBlock).toBe(false);
    const seen = new Set<ArrayBufferLike | undefined>();
    for (const size of [1_048_576, 1_050_000, 1_000_000]) {
      encoder.pub("s", undefined, new Uint8Array(size));
      expect(encoder.hasFullBlock).toBe(true);
      while (encoder.hasFullBlock) {
        const piece = encoder.take();
        if (piece !== undefined && piece.length > size) seen.add(piece.buffer);
      }
      expect(encoder.pendingBytes).toBe(0);
      encoder.reuse();
    }
    expect(seen.size).toBe(1);
    encoder.ping();
    expect(encoder.take()?.buffer.byteLength).toBeLessThanOrEqual(65_536);
  });

  it("lets go of the memory of large messages when it is told so twice and none came in between", () => {
    const encoder = new Encoder();
    const publish = (count: number): ArrayBufferLike[] => {
      for (let i = 0; i < count; i++) encoder.pub("s", undefined, new Uint8Array(1_048_576));
      const buffers: ArrayBufferLike[] = [];
      for (let piece = encoder.take(); piece !== undefined; piece = encoder.take()) buffers.push(piece.buffer);
      encoder.reuse();
      return buffers;
    };
    publish(1);
    const first = publish(3);
    expect([encoder.hasSpare, new Set([...first, ...publish(3)]).size]).toEqual([true, 3]);
    encoder.trim();
    expect([encoder.hasSpare, publish(1).every((buffer) => first.includes(buffer))]).toEqual([true, true]);
    encoder.trim();
    expect(encoder.hasSpare).toBe(true);
    encoder.trim();
    expect([encoder.hasSpare, publish(1).some((buffer) => first.includes(buffer))]).toEqual([false, false]);
  });

  it("remembers nothing that is out when nobody ever gives anything back", () => {
    const encoder = new Encoder();
    for (let i = 0; i < 4; i++) encoder.pub("s", undefined, new Uint8Array(1_048_576));
    const out = Array.from({ length: 4 }, () => encoder.take()?.buffer);
    encoder.reuse();
    encoder.pub("s", undefined, new Uint8Array(1_048_576));
    encoder.pub("s", undefined, new Uint8Array(1_048_576));
    expect([encoder.take()?.buffer === out[3], out.includes(encoder.take()?.buffer)]).toEqual([true, false]);
  });

  it("PROTO-36: sizes of any number of digits", () => {
    for (const size of [0, 9, 10, 99, 100, 999, 1_000, 12_345, 99_999, 100_000, 1_234_567]) {
      const encoder = new Encoder();
      encoder.pub("s", undefined, new Uint8Array(size));
      expect(latin1(takeAll(encoder)).slice(0, 20)).toMatch(new RegExp(`^PUB s ${size}\r\n`));
    }
    expect(written((encoder) => encoder.sub("s", undefined, 2 ** 53 - 1))).toBe("SUB s 9007199254740991\r\n");
  });

  it("remembers nothing inside bytes it has handed out: their owner may change them", () => {
    const encoder = new Encoder();
    for (let i = 0; i < 3; i++) encoder.pub("s", undefined, "x");
    encoder.take()?.fill(0);
    encoder.pub("s", undefined, "x");
    expect(latin1(takeAll(encoder))).toBe("PUB s 1\r\nx\r\n");
  });

  it("starts a new block rather than carve ever smaller pieces off the old one", () => {
    const encoder = new Encoder({ blockSize: 1024 });
    encoder.raw(new Uint8Array(500));
    encoder.raw(new Uint8Array(100));
    const first = encoder.take();
    encoder.ping();
    expect(encoder.take()?.buffer).not.toBe(first?.buffer);
  });

  it("begins with a small block, and has large ones once there is much to write", () => {
    const encoder = new Encoder();
    const memory = (): number => encoder.take()?.buffer.byteLength ?? 0;
    encoder.ping();
    expect(memory()).toBe(1_024);
    for (let i = 0; i < 100; i++) encoder.raw(new Uint8Array(5_000));
    expect(Math.max(...Array.from({ length: 8 }, memory))).toBe(65_536);
  });

  it("copies the payload: the caller may change it afterwards", () => {
    for (const size of [1, 100, 100_000]) {
      const encoder = new Encoder();
      const payload = new Uint8Array(size).fill(120);
      encoder.pub("s", undefined, payload);
      payload.fill(0);
      expect(takeAll(encoder).includes(0)).toBe(false);
    }
  });

  it("PROTO-5: 8 MiB go out and come in again", () => {
    const encoder = new Encoder();
    const payload = new Uint8Array(8 * 1024 * 1024).fill(5);
    encoder.pub("big", undefined, payload);
    const decoder = new Decoder({ from: "client" });
    for (let piece = encoder.take(); piece !== undefined; piece = encoder.take()) decoder.push(piece);
    expect(decoder.next()).toBe(Op.Pub);
    expect(decoder.payloadEnd - decoder.payloadStart).toBe(payload.length);
  });
});
