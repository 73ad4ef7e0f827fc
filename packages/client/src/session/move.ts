// A move under way from the server that serves us to another, which is connected to before the first is left: when it begins, the
// attempts, and the new link until it takes over. It is owned by the connected state and ends with it. What goes
// from link to link is the host's business.

import type { Clock, Random } from "@myelin/contracts";
import type { ServerView } from "@myelin/server-pool";
import { type Deferred, deferred } from "../deferred.js";
import { ConnectionError, errorOf } from "../errors.js";
import type { Attempt } from "./attempt.js";
import type { Greeting } from "./handshake.js";
import type { Link } from "./link.js";

/** Why a connection moves. */
export type MoveReason =
  | "lame-duck" // the server announced its leaving
  | "requested" // reconnect({ graceful: true })
  | "credentials" // they, or our certificate, are about to expire
  | "better" // the strategy prefers another server
  | "balance"; // a server came or came back, and rebalance is on

/** Milliseconds between the first two tries, give or take half; twice as long after each, up to four times. */
const RETRY = 1_000;

/** A handover between two links, as a move sees it. */
export interface RunningHandover {
  /** Resolves when the new link may take over. */
  readonly ready: Promise<void>;
  complete(): void;
  abandon(): void;
}

/** Whom a move works for; none of it throws. */
export interface MoveHost {
  readonly clock: Clock;
  readonly random: Random;
  /** A server to move to; undefined while there is none. */
  target(reason: MoveReason): ServerView | undefined;
  /** Makes an attempt, not begun, that reports to the move. */
  attempt(server: ServerView): Attempt;
  /** Builds the new link and begins to hand over. */
  handOver(server: ServerView, greeting: Greeting): { readonly link: Link; readonly handover: RunningHandover };
  /** An attempt or a new link failed; the present link stays. */
  failed(server: ServerView, error: Error): void;
  /** The new link is gone before it could take over; {@link failed} follows. */
  lost(server: ServerView, error: Error): void;
  /** The attempt was called off, or the new link left unused. */
  unused(server: ServerView): void;
  /** The new link takes over. */
  arrived(server: ServerView, link: Link): void;
  /** It ended without: there is nothing to move to, or one try was asked for and failed. */
  gaveUp(): void;
}

type Step =
  | { readonly kind: "waiting"; readonly cancel: () => void }
  | { readonly kind: "dialing"; readonly attempt: Attempt }
  | {
      readonly kind: "handing-over";
      readonly server: ServerView;
      readonly link: Link;
      readonly handover: RunningHandover;
    }
  | { readonly kind: "over" };

export class Move {
  readonly reason: MoveReason;
  /** Resolves when the connection has moved; rejects when it will not. */
  readonly outcome: Deferred<void> = deferred();
  readonly #host: MoveHost;
  readonly #persistent: boolean;
  #step: Step = { kind: "over" };
  #tries = 0;

  /** @param persistent tries again for as long as the present link lives */
  constructor(reason: MoveReason, persistent: boolean, host: MoveHost) {
    this.reason = reason;
    this.#persistent = persistent;
    this.#host = host;
  }

  /** The new link, once there is one. */
  get next(): { readonly server: ServerView; readonly link: Link } | undefined {
    return this.#step.kind === "handing-over" ? this.#step : undefined;
  }

  /** True once it dials; before, it may as well be replaced by a more urgent one. */
  get isUnderWay(): boolean {
    return this.#step.kind === "dialing" || this.#step.kind === "handing-over";
  }

  /** Begins in `ms` milliseconds. */
  begin(ms: number): void {
    this.#to({ kind: "waiting", cancel: this.#host.clock.after(ms, () => this.#dial()) });
  }

  greeted(server: ServerView, greeting: Greeting): void {
    const { handover, link } = this.#host.handOver(server, greeting);
    this.#to({ kind: "handing-over", server, link, handover });
    handover.ready.then(
      () => this.#arrive(handover),
      (cause: unknown) => this.lost(link, errorOf(cause)),
    );
  }

  /** The attempt failed. */
  refused(server: ServerView, error: Error): void {
    this.#failed(server, error);
  }

  /** The new link is gone before it could take over. */
  lost(link: Link, error: Error): void {
    if (this.#step.kind !== "handing-over" || this.#step.link !== link) return;
    const { handover, server } = this.#step;
    this.#to({ kind: "waiting", cancel: () => {} });
    handover.abandon();
    link.destroy(() => error);
    this.#host.lost(server, error);
    this.#failed(server, error);
  }

  /** The present link is gone and the new one takes its place at once. */
  promote(): void {
    if (this.#step.kind !== "handing-over") return;
    const { handover } = this.#step;
    this.#to({ kind: "over" });
    handover.complete();
    this.outcome.resolve();
  }

  /** Ends it, wherever it is; the present link stays. */
  cancel(error: Error): void {
    const step = this.#step;
    if (step.kind === "over") return;
    this.#to({ kind: "over" });
    if (step.kind === "waiting") step.cancel();
    else if (step.kind === "dialing" && step.attempt.callOff()) this.#host.unused(step.attempt.server);
    else if (step.kind === "handing-over") {
      step.handover.abandon();
      step.link.destroy(() => error);
      this.#host.unused(step.server);
    }
    this.outcome.reject(error);
  }

  #dial(): void {
    const step = this.#step;
    const server = this.#host.target(this.reason);
    // As below: what the pool had to tell was told.
    if (this.#step !== step) return;
    if (server === undefined) {
      this.#tryAgain(new ConnectionError("there is no other server to move to now; the present one stays"));
      return;
    }
    const attempt = this.#host.attempt(server);
    this.#to({ kind: "dialing", attempt });
    attempt.begin();
  }

  #arrive(handover: RunningHandover): void {
    const step = this.#step;
    if (step.kind !== "handing-over" || step.handover !== handover) return;
    this.#to({ kind: "over" });
    this.#host.arrived(step.server, step.link);
    handover.complete();
    this.outcome.resolve();
  }

  // A listener that is told may end the connection, and this with it.
  #failed(server: ServerView, error: Error): void {
    const step = this.#step;
    this.#host.failed(server, error);
    if (this.#step === step) this.#tryAgain(error);
  }

  #tryAgain(error: Error): void {
    if (this.#persistent) this.begin(RETRY * Math.min(4, 2 ** this.#tries++) * (0.5 + this.#host.random()));
    else {
      this.#to({ kind: "over" });
      this.outcome.reject(error);
      this.#host.gaveUp();
    }
  }

  #to(step: Step): void {
    this.#step = step;
  }
}
