// What a decoder saw, as plain objects that tests compare, and the way back through an encoder.

import { Decoder, type DecoderOptions, decodeHeaders, type Encoder, Op, ProtocolError } from "../src/index.js";

/** One operation. Bytes are shown as Latin-1 text, so that a failing test can be read. */
export interface WireEvent {
  readonly op: keyof typeof Op;
  readonly subject?: string;
  readonly sid?: string;
  readonly reply?: string;
  readonly queue?: string;
  readonly headers?: string;
  readonly payload?: string;
  readonly max?: number;
  readonly text?: string;
}

export interface Reading {
  readonly events: readonly WireEvent[];
  /** The reason of the ProtocolError the stream ended in. */
  readonly error: string | undefined;
  readonly left: number;
}

export function latin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}

export function bytesOf(latin1Text: string): Uint8Array {
  return new Uint8Array(Buffer.from(latin1Text, "latin1"));
}

/** Everything a decoder makes of these chunks, pushed one by one and read in between. */
export function readAll(chunks: Iterable<Uint8Array>, options: DecoderOptions): Reading {
  const decoder = new Decoder(options);
  const events: WireEvent[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let op = decoder.next(); op !== Op.None; op = decoder.next()) events.push(eventOf(op, decoder));
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { events, error: error.reason, left: 0 };
  }
  return { events, error: undefined, left: decoder.bufferedBytes };
}

export function eventOf(op: Op, d: Decoder): WireEvent {
  const part = (start: number, end: number): string => latin1(d.buffer, start, end);
  const reply = d.replyEnd > d.replyStart ? { reply: part(d.replyStart, d.replyEnd) } : {};
  const headers = d.payloadStart > d.headersStart ? { headers: part(d.headersStart, d.payloadStart) } : {};
  const subject = { subject: part(d.subjectStart, d.subjectEnd) };
  const payload = { payload: part(d.payloadStart, d.payloadEnd) };
  const sid = d.sid < 0 ? part(d.sidStart, d.sidEnd) : d.sidText();
  // Shown as Latin-1 like everything else; what is ASCII goes through the decoder's own reading.
  const raw = part(d.argumentsStart, d.argumentsEnd);
  const ascii = [...raw].every((character) => character < "\u0080");
  switch (op) {
    case Op.Msg:
      return { op: "Msg", ...subject, sid, ...reply, ...headers, ...payload };
    case Op.HMsg:
      return { op: "HMsg", ...subject, sid, ...reply, ...headers, ...payload };
    case Op.Pub:
      return { op: "Pub", ...subject, ...reply, ...headers, ...payload };
    case Op.HPub:
      return { op: "HPub", ...subject, ...reply, ...headers, ...payload };
    case Op.Sub: {
      const queue = d.queueEnd > d.queueStart ? { queue: part(d.queueStart, d.queueEnd) } : {};
      return { op: "Sub", ...subject, ...queue, sid };
    }
    case Op.Unsub:
      return { op: "Unsub", sid, ...(d.max > 0 && { max: d.max }) };
    case Op.Err:
      return { op: "Err", text: ascii ? d.text() : raw.startsWith("'") ? raw.replace(/^'|'$/g, "") : raw };
    case Op.Info:
      return { op: "Info", text: ascii ? d.text() : raw };
    case Op.Connect:
      return { op: "Connect", text: ascii ? d.text() : raw };
    case Op.Ping:
      return { op: "Ping" };
    case Op.Pong:
      return { op: "Pong" };
    case Op.Ok:
      return { op: "Ok" };
    case Op.None:
      throw new Error("no operation");
  }
}

/** The event written by an encoder. */
export function encodeEvent(encoder: Encoder, event: WireEvent): void {
  const { subject = "", sid = "", reply, queue, max, text = "" } = event;
  const payload = bytesOf(event.payload ?? "");
  switch (event.op) {
    case "Msg":
      encoder.msg(subject, sid, reply, payload);
      return;
    case "HMsg":
      encoder.hmsg(subject, sid, reply, decodeHeaders(bytesOf(event.headers ?? "")), payload);
      return;
    case "Pub":
      encoder.pub(subject, reply, payload);
      return;
    case "HPub":
      encoder.hpub(subject, reply, decodeHeaders(bytesOf(event.headers ?? "")), payload);
      return;
    case "Sub":
      encoder.sub(subject, queue, Number(sid));
      return;
    case "Unsub":
      encoder.unsub(Number(sid), max);
      return;
    case "Err":
      encoder.err(text);
      return;
    case "Info":
      encoder.info(JSON.parse(text) as object);
      return;
    case "Connect":
      encoder.connect(JSON.parse(text));
      return;
    case "Ping":
      encoder.ping();
      return;
    case "Pong":
      encoder.pong();
      return;
    case "Ok":
      encoder.ok();
      return;
    case "None":
      throw new Error("no operation");
  }
}

export function takeAll(encoder: Encoder): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let piece = encoder.take(); piece !== undefined; piece = encoder.take()) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}
