// What can go wrong with a broker beyond what can with anything that listens.

import type { Clock } from "@myelin/contracts";
import { type Door, DoorFaults } from "../faults/door-faults.js";

/** Faults of a broker; all end with `heal`. */
export class NodeFaults extends DoorFaults {
  readonly #clock: Clock;
  #authFailsUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, door: Door) {
    super(door);
    this.#clock = clock;
  }

  /** Every CONNECT is answered with an authorization violation, for so many milliseconds or until `heal`. */
  failAuth(ms: number = Number.POSITIVE_INFINITY): void {
    this.#authFailsUntil = this.#clock.now() + ms;
  }

  /** Whether a CONNECT that comes now is let in by nobody. */
  get authFails(): boolean {
    return this.#clock.now() < this.#authFailsUntil;
  }

  override heal(): void {
    this.#authFailsUntil = Number.NEGATIVE_INFINITY;
    super.heal();
  }
}
