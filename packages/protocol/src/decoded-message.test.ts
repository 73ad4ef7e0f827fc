import { describe, expect, it } from "vitest";
import { bytesOf } from "../test/events.js";
import { DecodedMessage, Decoder, HeaderError, Op } from "./index.js";

function messages(text: string): DecodedMessage[] {
  const decoder = new Decoder({ from: "server" });
  decoder.push(bytesOf(text));
  const all: DecodedMessage[] = [];
  while (decoder.next() !== Op.None) all.push(new DecodedMessage(decoder));
  return all;
}

describe("DecodedMessage", () => {
  it("PROTO-16: has subject, sid, reply, data, size, text and JSON, also after the cursor moved on", () => {
    const [first, second] = messages('MSG orders.new 7 _INBOX.1 10\r\n{"a":"\xc3\xa9"}\r\nMSG b 8 3\r\n\0\xff\n\r\n');
    expect(first).toMatchObject({
      subject: "orders.new",
      sid: 7,
      reply: "_INBOX.1",
      size: 10,
      status: 0,
      headers: undefined,
    });
    expect(first?.string()).toBe('{"a":"é"}');
    expect(first?.json()).toEqual({ a: "é" });
    expect(second).toMatchObject({ subject: "b", sid: 8, reply: undefined });
    expect(second?.data).toEqual(new Uint8Array([0, 255, 10]));
    expect(() => second?.json()).toThrow(SyntaxError);
  });

  it("its data is a view of the chunk, and a plain Uint8Array also where the chunk is a Buffer", () => {
    const decoder = new Decoder({ from: "server" });
    const chunk = Buffer.from("MSG a 1 2\r\nxy\r\n");
    decoder.push(chunk);
    decoder.next();
    const data = new DecodedMessage(decoder).data;
    expect(data.buffer).toBe(chunk.buffer);
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
  });

  it("PROTO-17: counts headers in its size and leaves them out of its data", () => {
    const [message] = messages("HMSG a 1 18 20\r\nNATS/1.0\r\na: 1\r\n\r\nxy\r\n");
    expect(message).toMatchObject({ size: 20, status: 0 });
    expect(message?.string()).toBe("xy");
    expect(message?.headers?.get("a")).toBe("1");
  });

  it("PROTO-33: tells a status without building headers", () => {
    expect(messages("HMSG a 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")[0]).toMatchObject({ status: 503, size: 16 });
  });

  it("PROTO-21: malformed headers break only who reads them, not the message, not the next one", () => {
    const [bad, good] = messages("HMSG a 1 7 9\r\ngarbagexy\r\nMSG b 1 1\r\nz\r\n");
    expect(bad?.string()).toBe("xy");
    expect(bad?.status).toBe(0);
    expect(() => bad?.headers).toThrow(HeaderError);
    expect(good?.string()).toBe("z");
  });

  it("PROTO-6: reads UTF-8 subjects of any length", () => {
    for (const subject of ["ü", "abcdefghijklmnop", "abcdefghijklmnopq", `${"grüße.".repeat(10)}x`]) {
      const bytes = Buffer.from(subject, "utf8").toString("latin1");
      expect(messages(`MSG ${bytes} 1 ${bytes} 0\r\n\r\n`)[0]).toMatchObject({ subject, reply: subject });
    }
  });

  it("is answered by way of whom it was made for, to its reply subject, and not at all without one", () => {
    const published: unknown[] = [];
    const answering = { publish: (...args: unknown[]) => published.push(args) };
    const decoder = new Decoder({ from: "server" });
    decoder.push(bytesOf("MSG a 1 inbox 0\r\n\r\nMSG b 1 0\r\n\r\n"));
    decoder.next();
    const asked = new DecodedMessage<number>(decoder, answering);
    expect([asked.respond("x", 7), new DecodedMessage(decoder).respond("x")]).toEqual([true, false]);
    decoder.next();
    expect(new DecodedMessage<number>(decoder, answering).respond("x")).toBe(false);
    expect(published).toEqual([["inbox", "x", 7]]);
  });
});
