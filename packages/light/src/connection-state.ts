// The states a connection can be in, the one table of legal transitions, and the machine that runs on it. Lifecycle is kept nowhere
// else. Names and table are those of @myelin/client.

import type { Link } from "./link.js";

/** Name of a state. */
export type ConnectionState = "idle" | "dialing" | "waiting" | "connected" | "draining" | "closed";

const transitions: { readonly [state in ConnectionState]: readonly ConnectionState[] } = {
  idle: ["dialing", "waiting", "closed"],
  dialing: ["dialing", "waiting", "connected", "closed"],
  waiting: ["dialing", "waiting", "closed"],
  connected: ["dialing", "waiting", "draining", "closed"],
  draining: ["closed"],
  closed: [],
};

/** A state, with what it owns: the link that is dialled or up, or the timer of a wait. */
export type State =
  | { readonly kind: "idle" | "closed" }
  | { readonly kind: "waiting"; readonly cancel: () => void }
  | { readonly kind: "dialing" | "connected" | "draining"; readonly link: Link };

export interface StateMachine {
  state(): State;
  /** Enters `next` and releases what only the old state owned. Throws for a transition there is not, which is a bug of ours. */
  to(next: State, released: (link: Link) => void): void;
}

export function stateMachine(): StateMachine {
  let state: State = { kind: "idle" };
  return {
    state: () => state,
    to(next, released) {
      const from = state;
      if (!transitions[from.kind].includes(next.kind)) throw new Error(`no transition from ${from.kind} to ${next.kind}`);
      state = next;
      if ("cancel" in from) from.cancel();
      else if ("link" in from && !("link" in next && next.link === from.link)) released(from.link);
    },
  };
}
