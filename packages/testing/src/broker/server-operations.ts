// Operations of a server as bytes of their own, by way of the codec. One encoder serves all clients of a broker.

import { InvalidArgumentError } from "@myelin/contracts";
import { Encoder, InvalidSubjectError, type ServerInfo } from "@myelin/protocol";
import type { RoutedMessage } from "./message-router.js";

export class ServerOperations {
  readonly #encoder: Encoder = new Encoder({ wildcardsInPublish: "allow" });

  info(info: ServerInfo): Uint8Array {
    this.#encoder.info(info);
    return this.#take();
  }

  err(text: string): Uint8Array {
    this.#encoder.err(text);
    return this.#take();
  }

  ok(): Uint8Array {
    this.#encoder.ok();
    return this.#take();
  }

  ping(): Uint8Array {
    this.#encoder.ping();
    return this.#take();
  }

  pong(): Uint8Array {
    this.#encoder.pong();
    return this.#take();
  }

  /** A message for one subscription, with its headers only if they are wanted. */
  message(sid: string, { subject, reply, headerBlock, payload }: RoutedMessage, headers: boolean): Uint8Array {
    const block = headers ? headerBlock : undefined;
    try {
      if (block === undefined) this.#encoder.msg(subject, sid, reply, payload);
      else this.#encoder.hmsg(subject, sid, reply, block, payload);
    } catch (error) {
      if (!(error instanceof InvalidSubjectError || error instanceof InvalidArgumentError)) throw error;
      this.#plainly(subject, sid, reply, block, payload);
    }
    return this.#take();
  }

  /** A server passes on sids and reply subjects as they came, also those our own client would never send. */
  #plainly(
    subject: string,
    sid: string,
    reply: string | undefined,
    block: Uint8Array | undefined,
    payload: Uint8Array,
  ) {
    const sizes = block === undefined ? [payload.length] : [block.length, block.length + payload.length];
    const words = [
      block === undefined ? "MSG" : "HMSG",
      subject,
      sid,
      ...(reply === undefined ? [] : [reply]),
      ...sizes,
    ];
    this.#encoder.raw(new TextEncoder().encode(`${words.join(" ")}\r\n`));
    if (block !== undefined) this.#encoder.raw(block);
    this.#encoder.raw(payload);
    this.#encoder.raw(new TextEncoder().encode("\r\n"));
  }

  #take(): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let piece = this.#encoder.take(); piece !== undefined; piece = this.#encoder.take()) pieces.push(piece);
    const [only] = pieces;
    // A copy of just these bytes: a client that keeps its last chunk must not keep the whole block of everybody.
    return pieces.length === 1 && only !== undefined ? only.slice() : new Uint8Array(Buffer.concat(pieces));
  }
}
