// What the state of the nodes allows to be missed, whatever the links of the clients were doing. Pure.

import type { Presence } from "./presence.js";
import type { Spans } from "./spans.js";

export class Trouble {
  readonly #nodes: readonly number[];
  readonly #disturbed: Spans<number>;
  readonly #touched: Spans<number>;

  constructor(nodes: number, disturbed: Spans<number>, touched: Spans<number>) {
    this.#nodes = Array.from({ length: nodes }, (_, node) => node);
    this.#disturbed = disturbed;
    this.#touched = touched;
  }

  /** True when it was on a node that could not be relied on. */
  holdsUp(one: Presence, from: number, to: number = from): boolean {
    return this.#nodes.some((node) => this.#disturbed.meets(node, from, to) && one.wasOn(node, from, to));
  }

  /**
   * True when servers could still take it for a member of its queue group by way of a link it has given up: nobody tells them
   * before the node, or the way to it, is in order again.
   */
  leavesGhost(one: Presence, from: number, to: number = from): boolean {
    return this.#nodes.some((node) =>
      this.#touched.during(node, from, to).some((span) => one.wasOn(node, span.from, to)),
    );
  }
}
