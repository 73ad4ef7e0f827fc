// Where each read of a socket goes: to the memory its sink asks for, as the rest of a large message does, or to blocks of ours. No socket
// here, and no bytes are looked at. The contract's `TransportSink.room` is the specification.

import type { TransportSink } from "@myelin/contracts";
import { ReadBlocks } from "./read-blocks.js";

export class Reads {
  /** Whether everything that was read has reached the sink. Until then it cannot say where more of it should go. */
  delivered = true;
  readonly #sink: Pick<TransportSink, "room">;
  readonly #blocks: ReadBlocks = new ReadBlocks();
  #room: Uint8Array | undefined;

  /** @param sink that of the socket; one without `room` has all in blocks */
  constructor(sink: Pick<TransportSink, "room">) {
    this.#sink = sink;
  }

  /** Where the next read goes. */
  next(): Uint8Array {
    this.#room = this.delivered ? this.#sink.room?.() : undefined;
    return this.#room ?? this.#blocks.room();
  }

  /** The first `length` bytes of it as a chunk of the caller's own. */
  take(length: number): Uint8Array {
    const room = this.#room;
    this.#room = undefined;
    return room === undefined ? this.#blocks.take(length) : room.subarray(0, length);
  }
}
