// The states a connection can be in, the one table of legal transitions, and the machine that really runs on it. A state is
// an object that owns what exists only while it lasts (an attempt, a timer, a link) and disposes it on leaving. Lifecycle
// is kept nowhere else: every "is it closed?" in this package asks this machine.

import type { ServerView } from "@myelin/server-pool";
import type { Link } from "./link.js";

/** Name of a state. */
export type ConnectionState = "idle" | "dialing" | "waiting" | "connected" | "draining" | "closed";

/** The connection's states by name, with the states that may follow. Tests and docs read this table too. */
export const transitions: { readonly [state in ConnectionState]: readonly ConnectionState[] } = Object.freeze({
  /** Constructed; nothing was dialled. */
  idle: ["dialing", "closed"],
  /** One attempt on one server is under way, up to its first PONG. */
  dialing: ["dialing", "waiting", "connected", "closed"],
  /** No server may be dialled yet. */
  waiting: ["dialing", "waiting", "closed"],
  /** A server answered; messages flow. */
  connected: ["dialing", "waiting", "draining", "closed"],
  /** Still linked, finishing what was begun; ends closed. */
  draining: ["closed"],
  /** For good. */
  closed: [],
});

export interface Idle {
  readonly kind: "idle";
}

// `cause` is always what ended the state before: a lost link, a failed attempt; `undefined` when nothing failed.

export interface Dialing {
  readonly kind: "dialing";
  readonly server: ServerView;
  readonly cause: Error | undefined;
  /** Makes the attempt fail with this error. */
  readonly abort: (error: Error) => void;
  /** Aborts the attempt; nothing of it is heard of again. */
  readonly leave: () => void;
}

export interface Waiting {
  readonly kind: "waiting";
  readonly until: number;
  readonly cause: Error | undefined;
  readonly leave: () => void;
}

export interface Connected {
  readonly kind: "connected";
  readonly server: ServerView;
  readonly link: Link;
  /** Destroys the link, unless the next state goes on with it. */
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
  readonly cause: Error | undefined;
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
