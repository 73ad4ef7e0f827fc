// When and why a connection that works goes to another server: because this one leaves, because another one is the better choice,
// because credentials or a certificate end, because somebody asked. One move at a time; how it goes is move.ts, which server is the pool's.

import type { Clock, Random } from "@myelin/contracts";
import type { ServerPool, ServerView } from "@myelin/server-pool";
import { InvalidOperationError } from "../errors.js";
import type { ResolvedOptions } from "../resolved-options.js";
import { failureKind } from "./attempt.js";
import type { Connected, ConnectionStateMachine } from "./connection-state.js";
import type { Dialer } from "./dialer.js";
import type { Greeting, LinkExpiry } from "./handshake.js";
import type { Link } from "./link.js";
import { Move, type MoveReason, type RunningHandover } from "./move.js";

/** Milliseconds after which a plan is looked at again: a timer takes no more than 24 days, and a wall clock may be set. */
const LONGEST_WAIT = 86_400_000;

/** Something that ends, and when a new link is to be made before that. Both are times of the wall clock. */
interface Renewal {
  readonly kind: keyof LinkExpiry;
  readonly endsAt: number;
  readonly at: number;
}

/** What moving needs; no function of it throws. */
export interface MovingHost {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly pool: ServerPool;
  readonly machine: ConnectionStateMachine;
  readonly dialer: Dialer;
  /** Builds the link of a greeting. */
  link(server: ServerView, greeting: Greeting): Link;
  handOver(from: Link, to: Link): RunningHandover;
  /** The connection goes on with the link it has, with this move under way. */
  moving(state: Connected, move: Move | undefined): void;
  /** The connection goes on with this link. */
  arrived(server: ServerView, link: Link): void;
  /** An attempt or a new link failed; the present link stays. */
  failed(server: ServerView, error: Error): void;
  /** Functions of the caller's may have failed in the pool. */
  asked(): void;
}

export class Moving {
  readonly #host: MovingHost;
  #cancelReview: () => void = () => {};
  #cancelRenewal: () => void = () => {};
  // What the present link was made with and ends.
  #renewals: readonly Renewal[] = [];
  // The latest end of each that a move has answered.
  readonly #renewed = { credentials: 0, certificate: 0 };
  // What is to be done when the latest new link is the connection's.
  #landed: () => void = () => {};

  constructor(host: MovingHost) {
    this.#host = host;
  }

  /** Asks the pool whether another server is the place to be, now and whenever it wants to be asked again. */
  review(): void {
    this.#cancelReview();
    const state = this.#resting();
    if (state === undefined) return;
    const { clock, options, pool } = this.#host;
    // Nothing but its end leads away from a lame duck that is only told of, so nobody is asked where to.
    if (options.lameDuck === "notify" && this.#isLeaving(state)) return;
    const decision = pool.rebalance(clock.now());
    this.#host.asked();
    // A listener of what the pool had to tell may have done anything.
    if (this.#resting() !== state) return;
    if (decision.kind === "stay") {
      if (decision.until === undefined) return;
      this.#cancelReview = clock.after(decision.until - clock.now(), () => this.review());
    } else {
      this.#begin(state, decision.reason, () => decision.to).begin(0);
    }
  }

  /** Moves because somebody asked; a move that is under way will do. */
  request(): Promise<void> {
    const { machine } = this.#host;
    const { state } = machine;
    if (state.kind !== "connected") {
      return Promise.reject(new InvalidOperationError("reconnect({ graceful: true }) needs a connection to leave"));
    }
    if (state.move?.isUnderWay === true) return state.move.outcome.promise;
    // The same server again, by a new link, where that is all there is.
    const move = this.#begin(state, "requested", () => this.#alternative() ?? state.server);
    move.begin(0);
    return move.outcome.promise;
  }

  /**
   * Plans a move to a new link, with fresh credentials or a fresh certificate, before those of the present one end; once for each
   * date, whatever the new ones say.
   */
  renewBefore({ credentials, certificate }: LinkExpiry): void {
    const { clock, options } = this.#host;
    const now = clock.wallTime();
    const due = (kind: keyof LinkExpiry, endsAt: number | undefined): Renewal[] =>
      endsAt === undefined || options.refreshBefore < 0
        ? []
        : [{ kind, endsAt, at: endsAt - Math.min(options.refreshBefore, (endsAt - now) / 2) }];
    this.#renewals = [...due("credentials", credentials), ...due("certificate", certificate)];
    this.#planRenewal();
  }

  /** The link we were on is lost, and the one we were moving to has taken its place. */
  promoted(): void {
    this.#landed();
  }

  /** Nothing more is asked or begun. */
  stop(): void {
    this.#cancelReview();
    this.#cancelRenewal();
  }

  #planRenewal(): void {
    this.#cancelRenewal();
    const [next] = this.#renewals
      .filter(({ kind, endsAt }) => endsAt > this.#renewed[kind])
      .sort((one, other) => one.at - other.at);
    const { clock, machine } = this.#host;
    const { state } = machine;
    // A move plans again when it is over.
    if (next === undefined || state.kind !== "connected" || state.move !== undefined) return;
    const wait = next.at - clock.wallTime();
    this.#cancelRenewal =
      wait > LONGEST_WAIT
        ? clock.after(LONGEST_WAIT, () => this.#planRenewal())
        : clock.after(Math.max(0, wait), () => this.#renew(next));
  }

  #renew(renewal: Renewal): void {
    const state = this.#resting();
    if (state === undefined || state.move !== undefined) return;
    // On the same server, by a new link, as long as nothing speaks against it.
    const target = (): ServerView | undefined => (this.#isLeaving(state) ? this.#alternative() : state.server);
    const move = this.#begin(state, "credentials", target, renewal);
    move.begin(0);
  }

  // Connected, and no move dials or hands over: one that only waits may be replaced.
  #resting(): Connected | undefined {
    const { state } = this.#host.machine;
    return state.kind === "connected" && state.move?.isUnderWay !== true ? state : undefined;
  }

  #isLeaving({ server }: Connected): boolean {
    return this.#host.pool.get(server.id)?.lameDuck === true;
  }

  #alternative(): ServerView | undefined {
    const found = this.#host.pool.alternative(this.#host.clock.now());
    this.#host.asked();
    return found;
  }

  #begin(state: Connected, reason: MoveReason, target: () => ServerView | undefined, renewal?: Renewal): Move {
    const { clock, dialer, machine, pool, random } = this.#host;
    const move: Move = new Move(reason, reason === "credentials", {
      clock,
      random,
      target,
      attempt: (server) =>
        dialer.attempt(server, {
          greeted: (_, greeting) => move.greeted(server, greeting),
          failed: (_, outcome) => {
            pool.failed(server.id, { kind: failureKind(outcome), error: outcome.error }, clock.now());
            move.refused(server, outcome.error);
          },
        }),
      handOver: (server, greeting) => {
        const link = this.#host.link(server, greeting);
        this.#landed = () => {
          if (renewal !== undefined) this.#renewed[renewal.kind] = renewal.endsAt;
          this.review();
          this.renewBefore(greeting.expiry);
        };
        const handover = this.#host.handOver(state.link, link);
        greeting.handOver(link);
        link.pump();
        return { link, handover };
      },
      failed: (server, error) => this.#host.failed(server, error),
      // Where the new link was one to the same server, the connection is still there.
      lost: (server, error) => {
        if (server.id !== state.server.id) pool.lost(server.id, error, clock.now());
      },
      unused: (server) => {
        if (server.id !== state.server.id) pool.left(server.id, clock.now());
      },
      arrived: (server, link) => {
        this.#host.arrived(server, link);
        this.#landed();
      },
      gaveUp: () => {
        const { state: present } = machine;
        if (present.kind === "connected" && present.move === move) this.#host.moving(present, undefined);
        this.review();
        this.#planRenewal();
      },
    });
    this.#host.moving(state, move);
    return move;
  }
}
