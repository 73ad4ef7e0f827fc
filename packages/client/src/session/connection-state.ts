// The states a connection can be in, the one table of legal transitions, and the machine that really runs on it. A state is
// an object that owns what exists only while it lasts (an attempt, a timer, a link) and disposes it on leaving. Lifecycle
// is kept nowhere else: every "is it closed?" in this package asks this machine.

import type { ServerView } from "@myelin/server-pool";
import type { Attempt } from "./attempt.js";
import type { Link } from "./link.js";
import type { Move } from "./move.js";

/** Name of a state. */
export type ConnectionState = "idle" | "dialing" | "waiting" | "connected" | "draining" | "closed";

/** The connection's states by name, with the states that may follow. Tests and docs read this table too. */
export const transitions: { readonly [state in ConnectionState]: readonly ConnectionState[] } = Object.freeze({
  /** Constructed; nothing was dialled. */
  idle: ["dialing", "waiting", "closed"],
  /** One attempt or several are under way, each on one server, up to its first PONG. */
  dialing: ["dialing", "waiting", "connected", "closed"],
  /** No server may be dialled yet. */
  waiting: ["dialing", "waiting", "closed"],
  /** A server answered; messages flow. It follows itself when the connection moves to another server, or begins or ceases to. */
  connected: ["dialing", "waiting", "connected", "draining", "closed"],
  /** Still linked, finishing what was begun; ends closed. */
  draining: ["closed"],
  /** For good. */
  closed: [],
});

export interface Idle {
  readonly kind: "idle";
}

/** What ended before: a link that was lost, or an attempt that failed. */
export interface Ended {
  readonly server: ServerView;
  readonly error: Error;
}

// `ended` is always what made the connection leave the state before; `undefined` when nothing failed.

export interface Dialing {
  readonly kind: "dialing";
  /** Under way, in the order they were begun; the last one is the newest. */
  readonly attempts: readonly Attempt[];
  readonly ended: Ended | undefined;
  /** Calls off the attempts that the next state does not go on with; nothing of them is heard of again. */
  readonly leave: (next: State) => void;
}

export interface Waiting {
  readonly kind: "waiting";
  readonly until: number;
  readonly ended: Ended | undefined;
  readonly leave: () => void;
}

export interface Connected {
  readonly kind: "connected";
  readonly server: ServerView;
  readonly link: Link;
  readonly ended: Ended | undefined;
  /** The move to another server that is under way. */
  readonly move: Move | undefined;
  /** Ends the link and the move, unless the next state goes on with them. */
  readonly leave: (next: State) => void;
}

export interface Draining {
  readonly kind: "draining";
  readonly server: ServerView;
  readonly link: Link;
  readonly leave: (next: State) => void;
}

export interface Closed {
  readonly kind: "closed";
  /** What `closed()` tells; `undefined` = the user closed it. */
  readonly reason: Error | undefined;
  readonly ended: Ended | undefined;
}

/** One of the states, with what it owns. */
export type State = Idle | Dialing | Waiting | Connected | Draining | Closed;

/** Runs on {@link transitions} and on nothing else. */
export class ConnectionStateMachine {
  #state: State = { kind: "idle" };
  readonly #observe: (from: State, to: State) => void;

  /** @param observe told of every transition after the old state was left; does not throw */
  constructor(observe: (from: State, to: State) => void) {
    this.#observe = observe;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * Leaves the present state and enters `next`.
   *
   * @throws Error when the table has no such transition: a bug of ours, never the user's; nothing changes then
   */
  to(next: State): void {
    const from = this.#state;
    const legal = transitions[from.kind];
    if (!legal.includes(next.kind)) {
      throw new Error(`no transition from ${from.kind} to ${next.kind}; legal: ${legal.join(", ") || "none"}`);
    }
    this.#state = next;
    if ("leave" in from) from.leave(next);
    this.#observe(from, next);
  }
}
