// A decoder whose large messages are read right to where they will stay: the same operations, in bounded memory, nothing written over.

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it, vi } from "vitest";
import { bytesOf, eventOf, latin1, readAll, type WireEvent } from "../test/events.js";
import { DecodedMessage, Decoder, Op, ProtocolError } from "./index.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A message whose payload is told from others at every byte. */
function message(size: number, seed: number, headers = ""): Uint8Array {
  const head =
    headers === "" ? `MSG a.${seed} 1 ${size}` : `HMSG a.${seed} 1 r ${headers.length} ${headers.length + size}`;
  const payload = Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed) % 251);
  return new Uint8Array(Buffer.concat([bytesOf(`${head}\r\n${headers}`), payload, bytesOf("\r\n")]));
}

const HEADERS = "NATS/1.0\r\na: b\r\n\r\n";
const sizes = fc.oneof(
  fc.nat(200),
  fc.integer({ min: 60 * KIB, max: 70 * KIB }),
  fc.integer({ min: 64 * KIB, max: 300 * KIB }),
);
const stream = fc
  .array(fc.tuple(sizes, fc.nat(250), fc.constantFrom("", "", HEADERS)), { minLength: 1, maxLength: 6 })
  .map((messages) => Buffer.concat([...messages.map((one) => message(...one)), bytesOf("PING\r\n")]));
/** Bytes of each read, and whether the decoder is asked where they go. */
const reads = fc.array(
  fc.tuple(fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 200 * KIB })), fc.boolean()),
  { minLength: 1, maxLength: 12 },
);

interface Read {
  readonly events: readonly WireEvent[];
  readonly decoder: Decoder;
}

/** Reads a stream as a socket would; what was handed out is looked at only in the end. */
function readFrom(bytes: Uint8Array, steps: readonly (readonly [number, boolean])[]): Read {
  const decoder = new Decoder({ from: "server" });
  const seen: (() => WireEvent)[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const [size, ask] = steps[i % steps.length] ?? [1, false];
    const room = ask ? decoder.room() : undefined;
    const part = bytes.subarray(at, at + Math.min(size, room?.length ?? size));
    at += part.length;
    room?.set(part);
    decoder.push(room === undefined ? new Uint8Array(part) : room.subarray(0, part.length));
    for (let op = decoder.next(); op !== Op.None; op = decoder.next()) seen.push(later(op, decoder));
  }
  return { events: seen.map((event) => event()), decoder };
}

/** The event under the cursor, its bytes read when it is called. */
function later(op: Op, decoder: Decoder): () => WireEvent {
  const cursor = { ...decoder, buffer: decoder.buffer, sidText: () => "1", text: () => "" };
  return () => eventOf(op, cursor as unknown as Decoder);
}

describe("a decoder that is asked where bytes go", () => {
  test.prop([stream, reads], { numRuns: 80 })(
    "PROTO-5: gives the same operations, and writes over none of them later",
    (bytes, steps) => {
      const { events, decoder } = readFrom(bytes, steps);
      expect(events).toEqual(readAll([bytes], { from: "server" }).events);
      expect([decoder.bufferedBytes, decoder.room()]).toEqual([0, undefined]);
    },
  );

  it("has the rest of a large message read to where it stays, and copies only what came with its line", () => {
    const decoder = new Decoder({ from: "server" });
    const bytes = message(MIB, 1);
    decoder.push(bytes.slice(0, 5_000));
    expect([decoder.next(), decoder.bufferedBytes]).toEqual([Op.None, 5_000]);
    // The first is set aside before anybody has asked.
    let room = decoder.room() ?? new Uint8Array();
    const { buffer } = room;
    for (let at = 5_000; at < bytes.length; at += 300 * KIB) {
      room = decoder.room() ?? new Uint8Array();
      const part = bytes.subarray(at, at + 300 * KIB);
      expect(room.buffer).toBe(buffer);
      room.set(part);
      decoder.push(room.subarray(0, part.length));
      expect(decoder.next()).toBe(at + part.length === bytes.length ? Op.Msg : Op.None);
    }
    const { data } = new DecodedMessage(decoder);
    expect(data.buffer).toBe(buffer);
    expect(latin1(data)).toBe(latin1(bytes, bytes.length - 2 - MIB, bytes.length - 2));
  });

  it("keeps small messages behind a large one apart from it: to keep one of them keeps no megabyte", () => {
    const decoder = new Decoder({ from: "server" });
    const bytes = message(MIB, 1);
    decoder.push(bytes.slice(0, 1_000));
    decoder.next();
    const room = decoder.room() ?? new Uint8Array();
    const behind = bytesOf("MSG b 1 1\r\nx\r\nMSG c 1 1\r\ny\r\nMSG d 1 1\r\n");
    const read = new Uint8Array(Buffer.concat([bytes.subarray(1_000), behind]));
    room.set(read);
    decoder.push(room.subarray(0, read.length));
    expect([decoder.next(), decoder.buffer.buffer === room.buffer]).toEqual([Op.Msg, true]);
    expect([decoder.next(), decoder.buffer.buffer.byteLength]).toEqual([Op.Msg, behind.length]);
    expect([decoder.next(), decoder.buffer.buffer.byteLength]).toEqual([Op.Msg, behind.length]);
    expect([decoder.next(), decoder.bufferedBytes]).toEqual([Op.None, 11]);
    decoder.push(bytesOf("z\r\n"));
    expect([decoder.next(), latin1(new DecodedMessage(decoder).data)]).toEqual([Op.Msg, "z"]);
  });

  it("does not mind before a control line is whole, while operations wait, and for what is better read in bulk", () => {
    const decoder = new Decoder({ from: "server" });
    expect(decoder.room()).toBeUndefined();
    decoder.push(bytesOf("MSG a 1 10000"));
    expect([decoder.next(), decoder.room()]).toEqual([Op.None, undefined]);
    decoder.push(bytesOf("0\r\n"));
    // Not read yet: which bytes come first is open.
    expect(decoder.room()).toBeUndefined();
    expect([decoder.next(), decoder.room()?.length]).toEqual([Op.None, 100_002 + 4 * KIB]);
    decoder.push(new Uint8Array(40_000));
    expect([decoder.room(), decoder.next()]).toEqual([undefined, Op.None]);
    expect(decoder.room()).toBeUndefined();
  });

  it("PROTO-21: has 2 MiB at most before the bytes are there, then four times what arrived", () => {
    const allocate = vi.spyOn(Buffer, "allocUnsafeSlow");
    try {
      const decoder = new Decoder({ from: "server" });
      decoder.room();
      const size = 64 * MIB;
      decoder.push(bytesOf(`MSG a 1 ${size}\r\n`));
      expect(decoder.next()).toBe(Op.None);
      for (let arrived = 0; arrived < 24 * MIB; ) {
        const room = decoder.room() ?? new Uint8Array();
        const most = Math.max(2 * MIB, 4 * (arrived + 100));
        expect(room.buffer.byteLength).toBeLessThanOrEqual(most);
        expect(Math.max(...allocate.mock.calls.map(([bytes]) => bytes))).toBeLessThanOrEqual(most);
        const part = Math.min(room.length, MIB);
        decoder.push(room.subarray(0, part));
        decoder.next();
        arrived += part;
      }
      expect(allocate.mock.calls.length).toBeLessThan(8);
    } finally {
      allocate.mockRestore();
    }
  });

  it("PROTO-21: refuses what is larger than it accepts before it gives any room", () => {
    const decoder = new Decoder({ from: "server", maxPayload: MIB });
    decoder.push(bytesOf(`MSG a 1 ${MIB + 1}\r\n`));
    expect(() => decoder.next()).toThrow(ProtocolError);
    expect(decoder.room()).toBeUndefined();
    decoder.push(new Uint8Array(10));
    expect([decoder.bufferedBytes, decoder.room()]).toEqual([0, undefined]);
  });

  it.each(["elsewhere", "another part of it"])("takes bytes that come from %s although it gave room", (where) => {
    const bytes = message(200 * KIB, 3);
    const decoder = new Decoder({ from: "server" });
    decoder.push(bytes.slice(0, 100));
    decoder.next();
    const room = decoder.room()?.fill(0) ?? new Uint8Array();
    const rest = where === "elsewhere" ? bytes.slice(100) : room.subarray(50, 50 + bytes.length - 100);
    rest.set(bytes.subarray(100));
    decoder.push(rest);
    expect(decoder.next()).toBe(Op.Msg);
    expect(latin1(decoder.buffer, 0, bytes.length)).toBe(latin1(bytes));
  });
});
