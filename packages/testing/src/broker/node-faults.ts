// What can go wrong with a whole node: the faults of a link on every one of its links, and those of its door.

import type { Clock } from "@myelin/contracts";
import { FaultControl } from "../faults/fault-control.js";
import type { Faults } from "../faults/link-faults.js";

/** What a node does about those of its own. */
export interface Door {
  readonly clock: Clock;
  links(): Iterable<Faults>;
  /** Dials are refused, or accepted again. */
  refuse(refused: boolean): void;
  /** Connections that were accepted and have heard nothing yet. */
  greetAll(): void;
}

/** Faults of a broker; all end with `heal`. */
export class NodeFaults extends FaultControl {
  readonly #door: Door;
  #greeting: "normal" | "none" = "normal";
  #authFailsUntil = Number.NEGATIVE_INFINITY;

  constructor(door: Door) {
    super(() => door.links());
    this.#door = door;
  }

  /** Dials are refused; open connections stay. */
  refuse(): void {
    this.#door.refuse(true);
  }

  /** Nothing arrives on any link in either direction, and new connections are accepted and hear nothing. */
  blackHole(): void {
    this.#greeting = "none";
    this.silence();
  }

  /** Every CONNECT is answered with an authorization violation, for so many milliseconds or until `heal`. */
  failAuth(ms: number = Number.POSITIVE_INFINITY): void {
    this.#authFailsUntil = this.#door.clock.now() + ms;
  }

  /** Whether a CONNECT that comes now is let in by nobody. */
  get authFails(): boolean {
    return this.#door.clock.now() < this.#authFailsUntil;
  }

  /** Whether a new connection hears nothing. */
  get mute(): boolean {
    return this.#greeting === "none";
  }

  override heal(): void {
    super.heal();
    this.#greeting = "normal";
    this.#authFailsUntil = Number.NEGATIVE_INFINITY;
    this.#door.refuse(false);
    this.#door.greetAll();
  }
}
