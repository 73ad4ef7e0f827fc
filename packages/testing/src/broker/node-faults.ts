// What can go wrong with a broker beyond what can with anything that listens.

import { type Clock, InvalidArgumentError } from "@myelin/contracts";
import { type Door, DoorFaults } from "../faults/door-faults.js";

const FULL = "maximum connections exceeded";
const THROTTLED = "Connection throttling is active. Please try again later.";

/** New connections a broker lets in. */
interface Admission {
  readonly connections: number;
  readonly ms: number;
  /** The span of `ms` milliseconds that is counted, and those let in within it. */
  span: number;
  admitted: number;
}

/** Faults of a broker; all end with `heal`. */
export class NodeFaults extends DoorFaults {
  readonly #clock: Clock;
  #authFailsUntil = Number.NEGATIVE_INFINITY;
  #admission: Admission | undefined;

  constructor(clock: Clock, door: Door) {
    super(door);
    this.#clock = clock;
  }

  /** Every CONNECT is answered with an authorization violation, for so many milliseconds or until `heal`. */
  failAuth(ms: number = Number.POSITIVE_INFINITY): void {
    this.#authFailsUntil = this.#clock.now() + ms;
  }

  /**
   * Lets in so many new connections in every `ms` milliseconds, 1000 by default, and sends the others away: with 0 as a server
   * that is full, with more as one that throttles. Those that are there stay.
   *
   * @throws InvalidArgumentError
   */
  admit(connections: number, ms = 1_000): void {
    if (!(Number.isInteger(connections) && connections >= 0)) {
      throw new InvalidArgumentError("connections", "is not a whole number of at least 0");
    }
    if (!(ms > 0 && Number.isFinite(ms))) throw new InvalidArgumentError("ms", "is not a number above 0");
    this.#admission = { connections, ms, span: Number.NaN, admitted: 0 };
  }

  /** Whether a CONNECT that comes now is let in by nobody. */
  get authFails(): boolean {
    return this.#clock.now() < this.#authFailsUntil;
  }

  /** What a connection that comes now is sent away with; `undefined` = it is let in, and counts. */
  turnedAway(): string | undefined {
    const admission = this.#admission;
    if (admission === undefined) return undefined;
    const span = Math.floor(this.#clock.now() / admission.ms);
    if (span !== admission.span) admission.admitted = 0;
    admission.span = span;
    if (admission.admitted >= admission.connections) return admission.connections === 0 ? FULL : THROTTLED;
    admission.admitted++;
    return undefined;
  }

  override heal(): void {
    this.#authFailsUntil = Number.NEGATIVE_INFINITY;
    this.#admission = undefined;
    super.heal();
  }
}
