// Numbers that contestants of one kind share, so that they are measured alike.

/** Bytes of a chunk: what Node reads from a socket at once. */
export const CHUNK = 65_536;

/** Decoded messages kept alive, a power of two: some chunks' worth, as a slow consumer's queue. */
export const RING = 1_024;

/** Publishes in one turn of the event loop. */
export const PER_TURN = 1_000;

/** Messages in the stream that is decoded again and again. */
export function messagesPerPass(messages: number): number {
  for (let pass = Math.min(messages, 100_000); pass > 1; pass--) if (messages % pass === 0) return pass;
  return 1;
}
