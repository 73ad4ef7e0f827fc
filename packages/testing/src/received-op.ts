// What a client sent, as values a test can look at: one object for each operation. Reading only; reactions are elsewhere.

import { type ConnectOptions, type Decoder, decodeHeaders, type MsgHdrs, Op } from "@myelin/protocol";

interface Received {
  /** The operation as on the wire, without the CRLF at its end. */
  readonly text: string;
}

/** CONNECT. */
export interface ReceivedConnect extends Received {
  readonly op: "CONNECT";
  /** Its fields. */
  readonly options: ConnectOptions;
}

/** PUB and HPUB. */
export interface ReceivedPub extends Received {
  readonly op: "PUB";
  /** Where it is published. */
  readonly subject: string;
  /** Where an answer is wanted. */
  readonly reply: string | undefined;
  /** The header block as it came, `undefined` for PUB. */
  readonly headerBlock: Uint8Array | undefined;
  /** Decoded when read; throws `HeaderError` when malformed. */
  readonly headers: MsgHdrs | undefined;
  /** A copy of the payload. */
  readonly payload: Uint8Array;
}

/** SUB. */
export interface ReceivedSub extends Received {
  readonly op: "SUB";
  /** Its subject, wildcards and all. */
  readonly subject: string;
  /** Its queue group, `undefined` for a plain one. */
  readonly queue: string | undefined;
  /** As the client calls it. */
  readonly sid: string;
}

/** UNSUB. */
export interface ReceivedUnsub extends Received {
  readonly op: "UNSUB";
  /** Which subscription. */
  readonly sid: string;
  /** 0 = at once. */
  readonly max: number;
}

/** PING or PONG. */
export interface ReceivedPing extends Received {
  /** Which of the two. */
  readonly op: "PING" | "PONG";
}

/** One operation of a client. */
export type ReceivedOp = ReceivedConnect | ReceivedPub | ReceivedSub | ReceivedUnsub | ReceivedPing;

/** The operation under the decoder's cursor, copied out of its buffer. */
export function receivedOp(decoder: Decoder, op: Op): ReceivedOp {
  switch (op) {
    case Op.Connect:
      return { op: "CONNECT", options: decoder.connect(), text: `CONNECT ${decoder.text()}` };
    case Op.Pub:
    case Op.HPub:
      return receivedPub(decoder);
    case Op.Sub: {
      const subject = text(decoder, decoder.subjectStart, decoder.subjectEnd);
      const queue = text(decoder, decoder.queueStart, decoder.queueEnd) || undefined;
      const sid = decoder.sidText();
      return { op: "SUB", subject, queue, sid, text: words("SUB", subject, queue, sid) };
    }
    case Op.Unsub: {
      const { max } = decoder;
      const sid = decoder.sidText();
      return { op: "UNSUB", sid, max, text: words("UNSUB", sid, max === 0 ? undefined : String(max)) };
    }
    case Op.Ping:
      return { op: "PING", text: "PING" };
    case Op.Pong:
      return { op: "PONG", text: "PONG" };
    default:
      throw new RangeError(`a client sends no operation ${op}`);
  }
}

function receivedPub(decoder: Decoder): ReceivedPub {
  const { buffer, headersStart, payloadStart, payloadEnd } = decoder;
  const subject = text(decoder, decoder.subjectStart, decoder.subjectEnd);
  const reply = text(decoder, decoder.replyStart, decoder.replyEnd) || undefined;
  const body = text(decoder, headersStart, payloadEnd);
  const block = headersStart === payloadStart ? undefined : buffer.slice(headersStart, payloadStart);
  const size = String(payloadEnd - headersStart);
  const line =
    block === undefined
      ? words("PUB", subject, reply, size)
      : words("HPUB", subject, reply, String(block.length), size);
  return {
    op: "PUB",
    subject,
    reply,
    headerBlock: block,
    get headers() {
      return block === undefined ? undefined : decodeHeaders(block);
    },
    payload: buffer.slice(payloadStart, payloadEnd),
    text: `${line}\r\n${body}`,
  };
}

function text({ buffer }: Decoder, start: number, end: number): string {
  return new TextDecoder().decode(buffer.subarray(start, end));
}

function words(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(" ");
}
