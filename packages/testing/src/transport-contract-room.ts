// The cases of the transport contract about a sink that says where its bytes should be read to. Most transports never ask it, and pass;
// those that do must keep to what they were given. The other cases are in transport-contract-cases.ts.

import assert from "node:assert/strict";
import { assertSameBytes, type Bench, concat, pattern, RecordingSink } from "./transport-contract-bench.js";
import type { CaseBody } from "./transport-contract-cases.js";

const KIB = 1024;
const MARGIN = 10;
const UNTOUCHED = 0xfe;
/** In turn; `undefined` = the sink does not mind. The pattern has no byte like the untouched ones. */
const SIZES = [100 * KIB, undefined, 3 * KIB, 150 * KIB, 1, undefined, 64 * KIB];

/** Answers other memory at every question, each once, and looks at what becomes of it. */
class RoomySink extends RecordingSink {
  /** What no transport may do; empty when all is well. */
  readonly wrongs: string[] = [];
  #asked = 0;
  readonly #rooms = new WeakSet<ArrayBufferLike>();
  #latest: Uint8Array | undefined;

  readonly room = (): Uint8Array | undefined => {
    const size = SIZES[this.#asked++ % SIZES.length];
    // Within larger memory, as a rule: what lies before and behind it belongs to others.
    this.#latest =
      size === undefined
        ? undefined
        : new Uint8Array(size + 2 * MARGIN).fill(UNTOUCHED).subarray(MARGIN, MARGIN + size);
    if (this.#latest !== undefined) this.#rooms.add(this.#latest.buffer);
    return this.#latest;
  };

  override readonly data = (chunk: Uint8Array): void => {
    const room = this.#latest;
    this.#latest = undefined;
    if (this.#rooms.has(chunk.buffer)) {
      if (chunk.buffer !== room?.buffer) this.wrongs.push("a chunk lies in memory that was given for an earlier read");
      else if (chunk.byteOffset !== MARGIN || chunk.length > room.length)
        this.wrongs.push("a chunk is not where it was to be");
      else if (!isAlone(chunk)) this.wrongs.push("something was written beside the chunk");
    }
    this.record(chunk);
  };
}

// The bytes right before and right behind it are enough.
function isAlone(chunk: Uint8Array): boolean {
  const before = new Uint8Array(chunk.buffer, 0, MARGIN);
  const behind = new Uint8Array(chunk.buffer, chunk.byteOffset + chunk.length).subarray(0, MARGIN);
  return before.every((byte) => byte === UNTOUCHED) && behind.every((byte) => byte === UNTOUCHED);
}

async function roomy(bench: Bench, run: (sink: RoomySink, parts: Awaited<ReturnType<Bench["open"]>>) => Promise<void>) {
  const sink = new RoomySink();
  await run(sink, await bench.open(sink));
  assert.deepEqual(sink.wrongs, []);
  assertSameBytes(sink.received(), concat(sink.copies));
}

/** By key; each with its sentence. */
export const ROOM_CASES: Readonly<Record<string, readonly [name: string, body: CaseBody]>> = {
  "reads-into-room": [
    "delivers the same to a sink that says where bytes should be read to, there or elsewhere",
    (bench) =>
      roomy(bench, async (sink, { peer }) => {
        const expected = pattern(1_000 * KIB);
        for (let at = 0; at < expected.length; at += 77_777) {
          peer.send(expected.slice(at, at + 77_777));
          if (at % 5 === 0) await bench.settle();
        }
        await bench.until("all bytes arrived", () => sink.bytes >= expected.length);
        assertSameBytes(sink.received(), expected);
      }),
  ],
  "room-while-paused": [
    "writes over nothing that waits while it is paused, wherever the sink wanted it",
    (bench) =>
      roomy(bench, async (sink, { connection, peer }) => {
        const expected = pattern(400 * KIB);
        sink.onData = () => connection.pause();
        for (let at = 0; at < expected.length; at += 50 * KIB) peer.send(expected.slice(at, at + 50 * KIB));
        while (sink.bytes < expected.length) {
          const { bytes } = sink;
          connection.resume();
          await bench.until("more arrived", () => sink.bytes > bytes);
        }
        assertSameBytes(sink.received(), expected);
      }),
  ],
};
