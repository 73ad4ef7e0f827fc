// A received message as the application sees it: the decoded message and a way to answer it.

import { DecodedMessage, type Decoder, type MsgHdrs, type Payload } from "@myelin/protocol";
import type { WhileDisconnected } from "../connection-options.js";
import type { TraceOptions } from "./trace.js";

/** Options of one publish. */
export interface PublishOptions extends TraceOptions {
  /** Subject to answer on. */
  readonly reply?: string | undefined;
  /** Made with `headers()`; written at the call, and may be changed afterwards. */
  readonly headers?: MsgHdrs | undefined;
  /** What becomes of this message when there is no connection. Default: the connection's own policy. */
  readonly whileDisconnected?: WhileDisconnected | undefined;
}

/** Whatever can publish. */
export interface Publisher {
  /** As `NatsConnection.publish`. */
  publish(subject: string, payload?: Payload, options?: PublishOptions): boolean;
}

/**
 * A received message. `subject`, `reply`, `headers` and text are decoded when read. `data` is a view that keeps the chunk it
 * arrived in alive, up to 256 KiB when many messages came at once: copy it (`data.slice()`) to keep a small message for long.
 */
export class Msg extends DecodedMessage {
  readonly #publisher: Publisher;

  constructor(cursor: Decoder, publisher: Publisher) {
    super(cursor);
    this.#publisher = publisher;
  }

  /**
   * Publishes to the reply subject.
   *
   * @returns false when the message has none, else true; throws like `publish`
   */
  respond(payload?: Payload, options?: PublishOptions): boolean {
    const { reply } = this;
    if (reply === undefined) return false;
    this.#publisher.publish(reply, payload, options);
    return true;
  }
}
