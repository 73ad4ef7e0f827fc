// The handover of a connection, while there is one and a moment longer: which way messages take meanwhile, and what is left to do on
// the link that was left. How one goes is handover.ts.

import type { Decoder } from "@myelin/protocol";
import { bounded } from "./bounded.js";
import { CUT_TIMEOUT, Handover, type HandoverHost } from "./handover.js";
import type { Link } from "./session/link.js";

/** What handovers need of their connection. */
export interface HandoversHost extends Omit<HandoverHost, "forgotten"> {
  /** Ends every subscription on a link. */
  unsubscribeAll(link: Link): void;
}

export class Handovers {
  readonly #host: HandoversHost;
  #latest: Handover | undefined;

  constructor(host: HandoversHost) {
    this.#host = host;
  }

  /** Both links carry the subscriptions from now on. */
  begin(from: Link, to: Link): Handover {
    const handover = new Handover(from, to, {
      ...this.#host,
      forgotten: (one) => {
        if (this.#latest === one) this.#latest = undefined;
      },
    });
    this.#latest = handover;
    return handover;
  }

  /** The cursor stands on a message that came over `link`. */
  message(cursor: Decoder, link: Link): void {
    if (this.#latest === undefined) this.#host.deliver(cursor);
    else this.#latest.message(cursor, link);
  }

  /** This link is the connection's only one now: tells it of every subscription, unless it knows them from a handover. */
  linked(link: Link): void {
    if (this.#latest?.to === link) return;
    // A third link: what it brings came over neither of the two, and none of it twice.
    this.dispose();
    this.#host.replay(link, false);
  }

  /** Asks for nothing more from a link that was left. Resolves when nothing comes, after two seconds at most. */
  async leave(link: Link): Promise<void> {
    // Messages to queue groups may still be on their way to us over it.
    this.#host.unsubscribeAll(link);
    const { clock } = this.#host;
    await bounded(link.roundTrip(), { timeout: CUT_TIMEOUT }, "the old link's answer", clock).catch(() => {});
  }

  /** Nothing is delivered by way of it any more. */
  dispose(): void {
    this.#latest?.dispose();
    this.#latest = undefined;
  }
}
