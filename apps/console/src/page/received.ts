// What is kept of the messages of one subscription: the newest few, as copies, and a count of all. Bounded whatever arrives.

import { Meter } from "./meter.js";
import { SHOWN_BYTES } from "./payload.js";

/** Messages that are kept. */
export const KEPT = 100;

/** One message, independent of the bytes it came in. */
export interface Received {
  /** 1 for the first one of its subscription. */
  readonly number: number;
  /** Wall time, milliseconds. */
  readonly at: number;
  readonly subject: string;
  readonly reply: string | undefined;
  readonly headers: Readonly<Record<string, readonly string[]>> | undefined;
  /** The first {@link SHOWN_BYTES} of them … */
  readonly bytes: Uint8Array;
  /** … and how many there were. */
  readonly size: number;
}

/** A message as it arrives, whose bytes may be gone afterwards. */
export interface Arriving {
  readonly subject: string;
  readonly reply?: string | undefined;
  readonly headers?: { toRecord(): Record<string, string[]> } | undefined;
  readonly data: Uint8Array;
}

/** A copy that stays. */
export function copyOf({ subject, reply, headers, data }: Arriving, number: number, at: number): Received {
  return {
    number,
    at,
    subject,
    reply,
    headers: headers?.toRecord(),
    bytes: data.slice(0, SHOWN_BYTES),
    size: data.length,
  };
}

export class Inbox {
  readonly meter: Meter = new Meter();
  readonly #messages: Received[] = [];
  #count = 0;
  // Up to here everything was taken or was dropped before it could be.
  #taken = 0;

  /** All there ever were. */
  get count(): number {
    return this.#count;
  }

  /** How many came since the last `take`. */
  get untaken(): number {
    return this.#count - this.#taken;
  }

  add(message: Arriving, now: number, at: number): void {
    this.#count++;
    this.meter.add(now);
    this.#messages.push(copyOf(message, this.#count, at));
    if (this.#messages.length > KEPT) this.#messages.shift();
  }

  /** What came since the last time, oldest first, {@link KEPT} at most. */
  take(): Received[] {
    const fresh = this.#messages.filter(({ number }) => number > this.#taken);
    this.#taken = this.#count;
    return fresh;
  }

  clear(): void {
    this.#messages.length = 0;
    this.#taken = this.#count;
  }
}
