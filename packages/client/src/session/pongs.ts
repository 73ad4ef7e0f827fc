// Which PONG answers which PING: who waits for it, and how long it took. Nothing is written or read here.

import type { Clock } from "@myelin/contracts";
import type { Deferred } from "../deferred.js";

/** Makes the error for those who wait: most links end with nobody waiting, and an error costs 15 µs. */
export type Reason = () => Error;

export class Pongs {
  readonly #clock: Clock;
  // In the order of our PINGs; a keep-alive's nobody is undefined.
  readonly #waiting: (Deferred<void> | undefined)[] = [];
  // When the PING at their head was written, while its round trip is measured: one at a time.
  #pingedAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A PING goes out. */
  expect(waiter: Deferred<void> | undefined): void {
    if (this.#waiting.length === 0) this.#pingedAt = this.#clock.now();
    this.#waiting.push(waiter);
  }

  /** A PONG came. `measured` is told the milliseconds it took, where that is known. */
  came(measured: (rtt: number) => void): void {
    if (this.#pingedAt !== undefined) measured(this.#clock.now() - this.#pingedAt);
    this.#pingedAt = undefined;
    this.#waiting.shift()?.resolve();
  }

  /** None will come any more; `reason` makes the error of each who waits. */
  reject(reason: Reason): void {
    for (const waiter of this.#waiting.splice(0)) waiter?.reject(reason());
  }
}
