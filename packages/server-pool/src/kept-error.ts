// What an error is before it is kept for long. Nothing is changed that a caller could see.

/** Causes of causes that are looked at. */
const DEPTH = 8;

/**
 * The same error, with its stack made into text, and those of its causes. Until somebody reads the stack, engines keep the frames
 * themselves, and with each frame the object whose method it was: an error that is kept then keeps what made it, that keeps its
 * server's last error, and so on back to the first failure.
 */
export function keptError(error: Error): Error {
  let current: unknown = error;
  for (let depth = 0; depth < DEPTH && current instanceof Error; depth++) {
    try {
      void current.stack;
      current = current.cause;
    } catch {
      break; // a stack or cause of the caller's own making
    }
  }
  return error;
}
