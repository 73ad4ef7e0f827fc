// The states a connection can be in, each with what it owns, and the one place that changes them. Lifecycle is kept nowhere else. The
// names are those of @myelin/client.

import type { Link } from "./link.js";

/** Name of a state. */
export type ConnectionState = "idle" | "dialing" | "waiting" | "connected" | "draining" | "closed";

/** A state, with what it owns: the link that is dialled or up, or the timer of a wait. */
export type State =
  | { readonly kind: "idle" | "closed" }
  | { readonly kind: "waiting"; readonly cancel: () => void }
  | { readonly kind: "dialing" | "connected" | "draining"; readonly link: Link };

export interface StateMachine {
  state(): State;
  /** Enters `next` and releases what only the old state owned. */
  to(next: State, released: (link: Link) => void): void;
}

export function stateMachine(): StateMachine {
  let state: State = { kind: "idle" };
  return {
    state: () => state,
    to(next, released) {
      const from = state;
      state = next;
      if ("cancel" in from) from.cancel();
      else if ("link" in from && !("link" in next && next.link === from.link)) released(from.link);
    },
  };
}
