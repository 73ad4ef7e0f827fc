// Make before break: how everything of a connection goes from one link to another while both are up. Subscriptions are made on the
// new link and both carry them for a while; then, with nothing of ours under way on the old one, the new one takes over. When
// and where to go is the session's business. ADR-40 asks for an orderly move on lame duck.

import type { Clock } from "@myelin/contracts";
import type { Decoder } from "@myelin/protocol";
import { bounded } from "./bounded.js";
import { type Deferred, deferred } from "./deferred.js";
import { ConnectionError, errorOf, TimeoutError } from "./errors.js";
import { Overlap } from "./messaging/overlap.js";
import type { Link } from "./session/link.js";

/**
 * Milliseconds both links carry the subscriptions: within them the interest of the new one must have reached every server of
 * the cluster, else what is published there is missed.
 */
export const OVERLAP = 500;

/** Milliseconds the old link has to confirm that it has everything we sent. */
export const CUT_TIMEOUT = 2_000;

/** Milliseconds after the cut in which the new link may still bring what the old one had brought. */
const LATE = 1_000;

/** What a handover needs of its connection. */
export interface HandoverHost {
  readonly clock: Pick<Clock, "after">;
  /** Tells a link of every subscription. */
  replay(link: Link, beside: boolean): void;
  isPlain(sid: number): boolean;
  deliver(cursor: Decoder): void;
  /** Publishes are kept from now on, whatever the caller wants for an outage. */
  holdPublishes(): void;
  /** They go to this link again, and what was kept first. */
  releasePublishes(link: Link): void;
  /** The handover is of the past: messages need not come this way any more. */
  forgotten(handover: Handover): void;
}

export class Handover {
  /** Resolves when the new link may take over; rejects with why it cannot. */
  readonly ready: Promise<void>;
  /** The new link. */
  readonly to: Link;
  readonly #from: Link;
  readonly #host: HandoverHost;
  readonly #overlap: Overlap<Link>;
  readonly #given: Deferred<void> = deferred();
  #cancelTimer: () => void = () => {};
  #step: "overlapping" | "cutting" | "over" = "overlapping";

  /** Begins: both links carry the subscriptions from now on. */
  constructor(from: Link, to: Link, host: HandoverHost) {
    this.#from = from;
    this.to = to;
    this.#host = host;
    this.#overlap = new Overlap(from, to, host.isPlain, host.deliver);
    this.ready = this.#given.promise;
    host.replay(to, true);
    this.#run().then(
      () => this.#given.resolve(),
      (cause: unknown) => this.#given.reject(errorOf(cause)),
    );
  }

  /** The cursor stands on a message that came over `link`. */
  message(cursor: Decoder, link: Link): void {
    this.#overlap.message(cursor, link);
  }

  /** The new link is the connection's only one now. */
  complete(): void {
    if (this.#step === "over") return;
    this.#step = "over";
    this.#cancelTimer();
    this.#host.releasePublishes(this.to);
    this.#cancelTimer = this.#host.clock.after(LATE, () => this.#host.forgotten(this));
    this.#overlap.cut();
  }

  /** It does not happen: the old link stays, and had everything all along. */
  abandon(): void {
    if (this.#step === "over") return;
    if (this.#step === "cutting") this.#host.releasePublishes(this.#from);
    this.#step = "over";
    this.#cancelTimer();
    this.#host.forgotten(this);
    this.#given.reject(new ConnectionError("the move to another server was called off"));
  }

  /** The connection ends: nothing is delivered any more. */
  dispose(): void {
    this.#step = "over";
    this.#cancelTimer();
  }

  async #run(): Promise<void> {
    // The new server knows our subscriptions; the others of the cluster hear of them from it.
    await this.to.roundTrip();
    if (this.#step !== "overlapping") return;
    await new Promise<void>((resolve) => {
      this.#cancelTimer = this.#host.clock.after(OVERLAP, resolve);
    });
    if (this.#step !== "overlapping") return;
    this.#step = "cutting";
    // What is published from here on goes over the new link, and only once the old server has had all before it: so two
    // messages of ours never overtake each other on the way through two servers.
    this.#host.holdPublishes();
    try {
      await bounded(this.#from.roundTrip(), { timeout: CUT_TIMEOUT }, "the old link's answer", this.#host.clock);
    } catch (cause) {
      // A link that does not answer is lost; one that was lost meanwhile has been told of already.
      if (cause instanceof TimeoutError) this.#from.fail(cause);
      throw cause;
    }
  }
}
