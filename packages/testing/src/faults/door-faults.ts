// What can go wrong with everything that listens, a broker or a proxy: the faults of a link on every one of its links, and those of
// its door.

import { FaultControl } from "./fault-control.js";
import type { Faults } from "./link-faults.js";

/** What listens, as its faults see it. */
export interface Door {
  links(): Iterable<Faults>;
  /** Those of them that anything was ever done to. Default: all. */
  disturbed?(): Iterable<Faults>;
  /** Dials are refused, or accepted again. */
  refuse(refused: boolean): void;
  /** Connections that were accepted and then left alone are served now. */
  serveAll(): void;
}

/** Faults of all links, those to come among them, and of dialling. All end with `heal`. */
export class DoorFaults extends FaultControl {
  readonly #door: Door;
  #served: "at once" | "never" = "at once";

  constructor(door: Door) {
    super(
      () => door.links(),
      () => (door.disturbed === undefined ? door.links() : door.disturbed()),
    );
    this.#door = door;
  }

  /** Dials are refused; open connections stay. */
  refuse(): void {
    this.#door.refuse(true);
  }

  /** Nothing arrives on any link in either direction, and new connections are accepted and hear nothing. */
  blackHole(): void {
    this.#served = "never";
    this.silence();
  }

  /** Whether a new connection is accepted and left alone. */
  get mute(): boolean {
    return this.#served === "never";
  }

  /** Ends every fault that can be ended. Dials are accepted again at once in memory, a moment later over TCP. */
  override heal(): void {
    this.#served = "at once";
    // The server speaks first, before anything a client has said meanwhile is heard.
    this.#door.serveAll();
    super.heal();
    this.#door.refuse(false);
  }
}
