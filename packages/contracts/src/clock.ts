// Time and chance as arguments, so that everything above a socket runs under virtual time and replays from a seed.

/** The only source of time and of delay in a Myelin package. */
export interface Clock {
  /** Milliseconds from an arbitrary origin; monotonic. Only differences mean anything. */
  now(): number;

  /**
   * Milliseconds since the Unix epoch, as far as the runtime knows. For expiry dates, and to notice that the machine slept;
   * never for durations: it may jump.
   */
  wallTime(): number;

  /**
   * Calls `run` once, `ms` milliseconds from now or later. The returned function cancels it, does nothing after it ran,
   * and may be called again.
   */
  after(ms: number, run: () => void): () => void;

  /**
   * Calls `run` once when the current turn of the event loop has done its work, before the next one waits for I/O. Used
   * to gather everything written in one turn into one write; not cancellable.
   */
  endOfTurn(run: () => void): void;
}

/** Uniform in [0, 1), like `Math.random`. Never used for anything that must not be guessed. */
export type Random = () => number;
