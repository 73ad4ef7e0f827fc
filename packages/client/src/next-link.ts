// Calls that wait for the next link, and for nothing but that: released with it, with the end of the connection, or by their own
// bounds. Nobody who has stopped waiting is kept: an outage may be long.

import type { Clock } from "@myelin/contracts";
import { type Bounds, bounded } from "./bounded.js";
import { type Deferred, deferred } from "./deferred.js";
import type { Link } from "./session/link.js";

export class NextLink {
  readonly #clock: Clock;
  readonly #waiting = new Set<{ readonly what: string; readonly link: Deferred<Link> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param what the call that waits, for its errors */
  async wait(what: string, bounds: Bounds): Promise<Link> {
    const one = { what, link: deferred<Link>() };
    this.#waiting.add(one);
    try {
      return await bounded(one.link.promise, bounds, what, this.#clock);
    } finally {
      this.#waiting.delete(one);
    }
  }

  /** It is here. */
  linked(link: Link): void {
    for (const one of this.#waiting) one.link.resolve(link);
  }

  /** It will never be. */
  ended(errorFor: (what: string) => Error): void {
    for (const one of this.#waiting) one.link.reject(errorFor(one.what));
  }
}
