// What the suite and those who start it tell each other, as JSON. Types only: this side runs in a browser, the other on Node.

/**
 * Servers the suite may ask for: one with TCP and WebSocket, the same with TLS, with client certificates, with an nkey user,
 * with an operator's accounts, or three in a cluster.
 */
export type ServedKind = "plain" | "tls" | "mutual" | "nkey" | "creds" | "cluster";

/** Servers that were started for the suite; a node is named by its index. */
export interface Served {
  readonly id: number;
  /** URLs of the nodes over TCP or TLS, and over WebSocket, in one order. */
  readonly tcp: readonly string[];
  readonly websocket: readonly string[];
  /** What a client needs to be let in: a seed, or the text of a `.creds` file. */
  readonly secret: string;
}

/** The material of the servers with TLS, PEM. */
export interface Material {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Ways to a server. WebSockets are those the client takes by itself; where that is the one of the `ws` package, `own` is that of
 * the runtime, and where it is that of the runtime, `given` is the one of `ws`. By `light` the client is @myelin/light, over the
 * WebSocket of the runtime, or that of `ws` where there is none.
 */
export type DoorName =
  | "tcp"
  | "tls"
  | "ws"
  | "wss"
  | "own ws"
  | "own wss"
  | "given ws"
  | "given wss"
  | "light ws"
  | "light wss";

export interface Plan {
  readonly doors: readonly DoorName[];
  readonly material: Material;
  /** Which of them lead over the WebSocket of `ws`: only that takes certificates of our own. */
  readonly overWs: readonly DoorName[];
}

/** One scenario by one door. */
export interface Outcome {
  readonly scenario: string;
  readonly door: string;
  /** What went wrong; absent when nothing did. */
  readonly error?: string;
  readonly ms: number;
}

/** What a process prints, one a line. */
export type Line =
  | { readonly type: "outcome"; readonly outcome: Outcome }
  /** All connections are closed: from here on nothing may keep the process alive. */
  | { readonly type: "closed" }
  /** It ends by itself, so long after that. */
  | { readonly type: "exit"; readonly ms: number };
