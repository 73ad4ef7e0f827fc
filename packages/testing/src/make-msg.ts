// A message for a handler under test, without a connection. It is an object of the client's own class, which the caller hands
// in: a look-alike would not do, because the class has private fields, and this package must not know the client.

import {
  DecodedMessage as Decoded,
  type DecodedMessage,
  Decoder,
  Encoder,
  type MsgHdrs,
  Op,
  type Payload,
} from "@myelin/protocol";

/** What a made message is answered through; as much of a connection as `msg.respond` needs. */
export interface MsgPublisher {
  /** As `publish` of a connection. */
  publish(
    subject: string,
    payload?: Payload,
    options?: { readonly reply?: string | undefined; readonly headers?: MsgHdrs | undefined },
  ): boolean;
}

/** Fields of a message; all but the subject may be left out. */
export interface MsgFields {
  /** The subject it arrives on. */
  readonly subject: string;
  /** Where its sender wants an answer; without it, `respond` answers `false`. */
  readonly reply?: string | undefined;
  /** Made with `headers()`. */
  readonly headers?: MsgHdrs | undefined;
  /** Text is sent as UTF-8. */
  readonly data?: Payload | undefined;
  /** Default 1. */
  readonly sid?: number | undefined;
}

/** A message and what became of it. */
export interface MadeMsg<M> {
  /** For the handler. */
  readonly msg: M;
  /** Every answer so far, as its receiver would read it: `subject`, `reply`, `headers`, `data`, `string()`, `json()`. */
  readonly responses: readonly DecodedMessage[];
}

/**
 * Makes a message as if it had just arrived, and collects the answers to it.
 *
 * ```
 * const { msg, responses } = makeMsg(Msg, { subject: "orders.new", reply: "inbox", data: "{}" });
 * handler(msg);
 * responses[0]?.string();
 * ```
 *
 * @param type the class of messages of the client, `Msg` of myelin or @myelin/client
 * @throws InvalidSubjectError, as the wire would not carry such a message; so does an answer to one
 */
export function makeMsg<M>(type: new (cursor: Decoder, publisher: MsgPublisher) => M, fields: MsgFields): MadeMsg<M> {
  const { subject, reply, headers, data, sid = 1 } = fields;
  const encoder = new Encoder();
  if (headers === undefined) encoder.msg(subject, sid, reply, data);
  else encoder.hmsg(subject, sid, reply, headers, data);
  const responses: DecodedMessage[] = [];
  const publisher: MsgPublisher = {
    publish(to, payload, options) {
      const out = new Encoder();
      if (options?.headers === undefined) out.pub(to, options?.reply, payload);
      else out.hpub(to, options.reply, options.headers, payload);
      responses.push(new Decoded(cursorOn(out, "client")));
      return true;
    },
  };
  return { msg: new type(cursorOn(encoder, "server"), publisher), responses };
}

function cursorOn(encoder: Encoder, from: "server" | "client"): Decoder {
  const decoder = new Decoder({ from });
  for (let bytes = encoder.take(); bytes !== undefined; bytes = encoder.take()) decoder.push(bytes);
  if (decoder.next() === Op.None) throw new RangeError("a message is one whole operation");
  return decoder;
}
