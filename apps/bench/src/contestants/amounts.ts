// Numbers that contestants of one kind share, so that they are measured alike.

/** Bytes of a chunk: what Node reads from a socket at once. */
export const CHUNK = 65_536;

/** Decoded messages kept alive, a power of two: some chunks' worth, as a slow consumer's queue. */
export const RING = 1_024;

/** Publishes in one turn of the event loop. */
export const PER_TURN = 1_000;

/** Publishes of one of several publishers between two flushes. */
export const PER_FAN_FLUSH = 10_000;

/** Publishes between two flushes, the only back-pressure that all clients have: 50 000, and not more than 32 MiB. */
export function perFlush(size: number): number {
  return Math.max(1, Math.min(50_000, Math.floor(33_554_432 / Math.max(1, size))));
}

/** Messages in the stream that is decoded again and again. */
export function messagesPerPass(messages: number): number {
  for (let pass = Math.min(messages, 100_000); pass > 1; pass--) if (messages % pass === 0) return pass;
  return 1;
}

/** `messages` in `parts` shares that differ by one at most, the larger ones first; together exactly `messages`. */
export function shares(messages: number, parts: number): number[] {
  const least = Math.floor(messages / parts);
  return Array.from({ length: parts }, (_, index) => least + (index < messages % parts ? 1 : 0));
}
