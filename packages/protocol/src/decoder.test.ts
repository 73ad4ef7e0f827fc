import { describe, expect, it, vi } from "vitest";
import { bytesOf, eventOf, latin1, readAll } from "../test/events.js";
import { fixtures } from "../test/wire-fixtures.js";
import { Decoder, Op, ProtocolError } from "./index.js";

function chunked(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
  return chunks;
}

function errorOf(text: string, from: "server" | "client" = "server"): ProtocolError {
  const decoder = new Decoder({ from });
  decoder.push(bytesOf(text));
  try {
    while (decoder.next() !== Op.None);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("what a decoder reads", () => {
  it.each(fixtures)("$name ($from) in one chunk", ({ from, bytes, event }) => {
    expect(readAll([bytesOf(bytes)], { from })).toEqual({ events: [event], error: undefined, left: 0 });
  });

  it.each([1, 2, 3, 5, 17])("PROTO-5: every fixture gives the same in chunks of %d bytes", (size) => {
    for (const from of ["server", "client"] as const) {
      const mine = fixtures.filter((fixture) => fixture.from === from);
      const stream = bytesOf(mine.map(({ bytes }) => bytes).join(""));
      const { events, error, left } = readAll(chunked(stream, size), { from });
      expect({ error, left }).toEqual({ error: undefined, left: 0 });
      expect(events).toEqual(mine.map(({ event }) => event));
    }
  });

  it("PROTO-1: only messages carry a payload, the next operation begins after any other line", () => {
    const text = "PING\r\nMSG a 1 4\r\nPING\r\n+OK\r\nPONG\r\n";
    expect(readAll([bytesOf(text)], { from: "server" }).events.map(({ op }) => op)).toEqual([
      "Ping",
      "Msg",
      "Ok",
      "Pong",
    ]);
  });

  it("stops between two operations and holds exactly the bytes of the next, as a TLS upgrade needs", () => {
    const decoder = new Decoder({ from: "server" });
    decoder.push(bytesOf("INFO {}\r\n"));
    expect(decoder.bufferedBytes).toBe(9);
    expect(decoder.next()).toBe(Op.Info);
    expect(decoder.bufferedBytes).toBe(0);
    decoder.push(bytesOf("PING\r\nPO"));
    expect(decoder.next()).toBe(Op.Ping);
    expect(decoder.bufferedBytes).toBe(2);
    expect(decoder.next()).toBe(Op.None);
    expect(decoder.bufferedBytes).toBe(2);
    decoder.push(bytesOf("NG"));
    decoder.push(bytesOf("\r\nPING\r\n"));
    expect(decoder.bufferedBytes).toBe(12);
    expect([decoder.next(), decoder.bufferedBytes]).toEqual([Op.Pong, 6]);
    expect([decoder.next(), decoder.bufferedBytes]).toEqual([Op.Ping, 0]);
    expect(decoder.next()).toBe(Op.None);
  });

  it("VER-1: takes an INFO in the same segment right after PONG", () => {
    const { events } = readAll([bytesOf('PONG\r\nINFO {"connect_info":true}\r\n')], { from: "server" });
    expect(events.map(({ op }) => op)).toEqual(["Pong", "Info"]);
  });

  it("keeps what it handed out: later chunks never overwrite an earlier message", () => {
    const decoder = new Decoder({ from: "server" });
    const seen: [Uint8Array, number, number][] = [];
    const stream = bytesOf(
      Array.from({ length: 40 }, (_, i) => `MSG s 1 2\r\n${String(i).padStart(2, "0")}\r\n`).join(""),
    );
    for (const chunk of chunked(stream, 7)) {
      decoder.push(chunk);
      while (decoder.next() !== Op.None) seen.push([decoder.buffer, decoder.payloadStart, decoder.payloadEnd]);
    }
    expect(seen.map(([bytes, start, end]) => Number(latin1(bytes, start, end)))).toEqual(seen.map((_, i) => i));
    expect(seen).toHaveLength(40);
  });

  it("copies nothing while no operation is cut in two", () => {
    const chunk = bytesOf("MSG a 1 1\r\nx\r\n");
    const decoder = new Decoder({ from: "server" });
    decoder.push(chunk);
    decoder.next();
    expect(decoder.buffer).toBe(chunk);
  });

  it("PROTO-5: a payload of 8 MiB in many chunks is copied at most twice", () => {
    const allocate = vi.spyOn(Buffer, "allocUnsafeSlow");
    try {
      const size = 8 * 1024 * 1024;
      const decoder = new Decoder({ from: "server" });
      decoder.push(bytesOf(`MSG big 1 ${size}\r\n`));
      const chunk = new Uint8Array(1000).fill(7);
      for (let sent = 0; sent < size; sent += chunk.length) {
        expect(decoder.next()).toBe(Op.None);
        decoder.push(sent + chunk.length > size ? chunk.subarray(0, size - sent) : chunk);
      }
      decoder.push(bytesOf("\r\n"));
      expect(decoder.next()).toBe(Op.Msg);
      expect(decoder.payloadEnd - decoder.payloadStart).toBe(size);
      expect(decoder.buffer[decoder.payloadEnd - 1]).toBe(7);
      const total = allocate.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0);
      expect(total).toBeLessThan(3 * size);
    } finally {
      allocate.mockRestore();
    }
  });

  it("PROTO-21: a declared size allocates nothing before the bytes are there", () => {
    const allocate = vi.spyOn(Buffer, "allocUnsafeSlow");
    try {
      const decoder = new Decoder({ from: "server" });
      decoder.push(bytesOf("MSG a 1 67000000\r\nonly this"));
      expect(decoder.next()).toBe(Op.None);
      decoder.push(bytesOf(" and that"));
      expect(decoder.next()).toBe(Op.None);
      expect(Math.max(...allocate.mock.calls.map(([bytes]) => bytes))).toBeLessThanOrEqual(128);
    } finally {
      allocate.mockRestore();
    }
  });
});

describe("what a decoder refuses", () => {
  it.each([
    ["PROTO-21: a garbled verb", "GARBAGE a 1\r\n", "unknown-operation"],
    ["PROTO-21: a verb without its blank", "MSGa 1 1\r\nx\r\n", "unknown-operation"],
    ["PROTO-21: an empty line", "\r\n", "unknown-operation"],
    ["PROTO-22: PUB from a server", "PUB a 0\r\n\r\n", "unknown-operation"],
    ["PROTO-66: the cluster protocol", "RS+ a b\r\n", "unknown-operation"],
    ["PROTO-66: a message of the cluster protocol", "RMSG a b 0\r\n\r\n", "unknown-operation"],
    ["a peer that speaks HTTP", "HTTP/1.1 400 Bad Request\r\n", "unknown-operation"],
    ["a peer that speaks TLS, at its first byte", "\x15\x03\x01", "unknown-operation"],
    ["PROTO-21: too few fields", "MSG a 1\r\n", "wrong-field-count"],
    ["PROTO-21: too many fields", "MSG a 1 b c 1\r\nx\r\n", "wrong-field-count"],
    ["PROTO-21: no fields", "MSG\r\n", "wrong-field-count"],
    ["ERR-8: HMSG without its sid", "HMSG FOO.BAR 34 45\r\n", "wrong-field-count"],
    ["PROTO-18: PING with a field", "PING 1\r\n", "wrong-field-count"],
    ["PROTO-21: a size that is no number", "MSG a 1 abc\r\n", "invalid-number"],
    ["PROTO-21: a negative size", "MSG a 1 -1\r\n", "invalid-number"],
    ["PROTO-21: a fraction", "MSG a 1 1.0\r\n", "invalid-number"],
    ["PROTO-21: a size beyond 2^53", "MSG a 1 99999999999999999999\r\n", "invalid-number"],
    ["PROTO-21: a size beyond the limit", "MSG a 1 67108865\r\n", "payload-too-large"],
    ["PROTO-17: headers larger than the message", "HMSG a 1 13 12\r\n", "invalid-header-size"],
    ["PROTO-21: no CRLF after a payload", "MSG a 1 1\r\nxyz\r\n", "missing-crlf"],
    ["PROTO-2: another byte and LF after a payload", "MSG a 1 1\r\nxy\nPING\r\n", "missing-crlf"],
    ["PROTO-2: bare LF after a payload", "MSG a 1 1\r\nx\nPING\r\n", "missing-crlf"],
    ["PROTO-2: bare LF from a server", "PING\n", "missing-crlf"],
  ])("%s", (_, text, reason) => {
    expect(errorOf(text).reason).toBe(reason);
  });

  it.each([
    ["PROTO-22: MSG from a client", "MSG a 1 0\r\n\r\n", "unknown-operation"],
    ["PROTO-2: bare LF after a payload, from a client too", "PUB a 1\nx\nPING\r\n", "missing-crlf"],
    ["PROTO-35: headers larger than the message", "HPUB a 13 12\r\n", "invalid-header-size"],
    ["PROTO-15: a max that is no number", "UNSUB 1 x\r\n", "invalid-number"],
    ["PROTO-37: a control line above 4096 bytes", `SUB ${"a".repeat(4095)} 1\r\n`, "control-line-too-long"],
    ["PROTO-37: an endless control line", `PUB ${"a".repeat(5000)}`, "control-line-too-long"],
  ])("%s", (_, text, reason) => {
    expect(errorOf(text, "client").reason).toBe(reason);
  });

  it("PROTO-37, ERR-2: a control line of 4096 bytes is fine, and from a server a longer one too", () => {
    expect(readAll([bytesOf(`SUB ${"a".repeat(4094)} 1\r\n`)], { from: "client" }).events).toHaveLength(1);
    expect(readAll([bytesOf(`MSG ${"a".repeat(4096)} 1 0\r\n\r\n`)], { from: "server" }).events).toHaveLength(1);
    expect(errorOf(`MSG ${"a".repeat(65_533)} 1 0\r\n\r\n`).reason).toBe("control-line-too-long");
  });

  it("PROTO-37: an unfinished line is refused at the first byte that cannot be its CR any more", () => {
    const readings = [4096, 4097, 4098].map((length) =>
      readAll([bytesOf(`PUB ${"a".repeat(length)}`)], { from: "client" }),
    );
    expect(readings.map(({ error }) => error)).toEqual([undefined, undefined, "control-line-too-long"]);
  });

  it("INFO and -ERR may be longer than a control line, but not endless", () => {
    const urls = JSON.stringify({ connect_urls: Array.from({ length: 6000 }, (_, i) => `10.0.0.1:${i}`) });
    expect(readAll(chunked(bytesOf(`INFO ${urls}\r\n`), 1000), { from: "server" }).events).toHaveLength(1);
    expect(errorOf(`INFO ${"x".repeat(1_048_579)}`).reason).toBe("control-line-too-long");
  });

  it("throws once, and the same error at every later call; what comes after is not kept", () => {
    const decoder = new Decoder({ from: "server" });
    decoder.push(bytesOf("PING\r\nOOPS\r\nPING\r\n"));
    expect(decoder.next()).toBe(Op.Ping);
    const errors = [0, 1].map(() => {
      try {
        return decoder.next();
      } catch (error) {
        return error;
      }
    });
    expect(errors[0]).toBeInstanceOf(ProtocolError);
    expect(errors[1]).toBe(errors[0]);
    decoder.push(bytesOf("PING\r\n"));
    expect(decoder.bufferedBytes).toBe(0);
    expect(() => decoder.next()).toThrow(ProtocolError);
  });

  it("shows enough to see what was wrong, and never a payload or anything of a CONNECT", () => {
    expect(errorOf("MSG subject sid x\r\n").excerpt).toBe("MSG subject sid x");
    expect(errorOf(`MSG ${"a".repeat(100)} 1 x\r\n`).excerpt).toHaveLength(64);
    expect(errorOf("MSG a 1 1\r\nsecret\r\n")).toMatchObject({ excerpt: "", code: "PROTOCOL_ERROR" });
    expect(errorOf("MSG a 1 1\r\ns\r\nsecret-payload\r\n").excerpt).toBe("sec");
    for (const text of ['CONNEKT {"pass":"secret"}\r\n', `CONNECT {"pass":"secret"}${" ".repeat(1_048_577)}\r\n`]) {
      expect(`${errorOf(text, "client").message}${errorOf(text, "client").excerpt}`).not.toContain("secret");
    }
  });

  it("PROTO-10: malformed INFO JSON is a ProtocolError, also fields of the wrong type", () => {
    for (const json of ["{", "[]", "null", '{"port":"4222"}', '{"connect_urls":[1]}', '{"ldm":1}']) {
      const decoder = new Decoder({ from: "server" });
      decoder.push(bytesOf(`INFO ${json}\r\n`));
      expect(decoder.next()).toBe(Op.Info);
      expect(() => decoder.info()).toThrow(expect.objectContaining({ reason: "invalid-json" }));
    }
  });

  it("PROTO-11: malformed CONNECT JSON is a ProtocolError that does not repeat it", () => {
    const decoder = new Decoder({ from: "client" });
    decoder.push(bytesOf('CONNECT {"pass":"secret"\r\n'));
    expect(eventOf(decoder.next(), decoder).op).toBe("Connect");
    expect(() => decoder.connect()).toThrow(/^CONNECT: malformed JSON$/);
  });
});
