// Memory of what was written, given back to the encoder once the transport has no use for it, and let go when nobody writes as much any
// more. It writes nothing itself.

import type { Clock, TransportConnection } from "@myelin/contracts";
import type { Encoder } from "@myelin/protocol";

/** Milliseconds after which memory that was not needed is let go. */
const KEPT = 1_000;

export class BlockReuse {
  readonly #clock: Clock;
  readonly #connection: TransportConnection;
  readonly #encoder: Encoder;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, connection: TransportConnection, encoder: Encoder) {
    this.#clock = clock;
    this.#connection = connection;
    this.#encoder = encoder;
  }

  /** To be called when the transport may have handed on what it was given. */
  check(): void {
    if (this.#connection.released !== true) return;
    this.#encoder.reuse();
    if (this.#cancel === undefined && this.#encoder.hasSpare) this.#trimLater();
  }

  /** Nothing is waited for any more, also after a later {@link check}. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = () => {};
  }

  #trimLater(): void {
    this.#cancel = this.#clock.after(KEPT, () => {
      this.#cancel = undefined;
      this.#encoder.trim();
      if (this.#encoder.hasSpare) this.#trimLater();
    });
  }
}
