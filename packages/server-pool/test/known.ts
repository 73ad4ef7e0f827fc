// What the model of pool-model.ts knows of one server.

export interface Known {
  seed: boolean;
  id: number | undefined;
  state: "idle" | "dialing" | "connected";
  notBefore: number;
  failures: number;
  /** Of them, those of before the pool was last woken. */
  past: number;
  spent: number;
  shortLinks: number;
  connectedAt: number;
  /** Numbers of its dials by a decision since the last loss, newest first. */
  dials: number[];
  /** Number of its last dial, also one for a move. */
  lastTurn: number;
  /** Number of dials when it came. */
  since: number;
  everDialled: boolean;
  everConnected: boolean;
}

/** One that has just come. */
export function freshlyKnown(seed: boolean, since: number): Known {
  return {
    seed,
    id: undefined,
    state: "idle",
    notBefore: Number.NEGATIVE_INFINITY,
    failures: 0,
    past: 0,
    spent: 0,
    shortLinks: 0,
    connectedAt: Number.NEGATIVE_INFINITY,
    dials: [],
    lastTurn: -1,
    since,
    everDialled: false,
    everConnected: false,
  };
}
