// One interface for every client at either end: ours in this process, others behind a driver. What a scenario may ask of a
// client, and nothing of how it is done.

/** Names with their values, in the order of the wire as far as the client keeps it. */
export type HeaderList = readonly (readonly [name: string, values: readonly string[]])[];

/** A message as its receiver saw it. */
export interface PeerMessage {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly data: Uint8Array;
  readonly headers: HeaderList;
  /** Code of the status line, 0 when there is none. */
  readonly status: number;
  readonly description: string;
}

/** What a subscription answers by itself; without `data` what it received, headers included. */
export interface Answer {
  readonly data?: Uint8Array;
  readonly headers?: HeaderList;
}

export interface SubscribeOptions {
  readonly queue?: string;
  readonly max?: number;
  /** Answer every message that has a reply subject. */
  readonly respond?: Answer;
}

export interface PublishOptions {
  readonly reply?: string;
  readonly headers?: HeaderList;
  /** Status line in front of the headers; only for clients whose trait `writesStatus` holds. */
  readonly status?: number;
  readonly description?: string;
}

export interface RequestOptions {
  readonly headers?: HeaderList;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Where clients differ by their own design, so that a scenario asks no more than a client offers. */
export interface Traits {
  /** A name may have several values. */
  readonly severalValues: boolean;
  /** The order of different names is kept. */
  readonly nameOrder: boolean;
  /** Can publish a status line. */
  readonly writesStatus: boolean;
  /** A drain under load takes in all that the server sends before it knows of the drain. */
  readonly drainWaits: boolean;
  /** Has a call for many answers to one request, or its driver does without. */
  readonly asksMany: boolean;
}

/** A client library, ready to connect. */
export interface Peer {
  readonly name: string;
  readonly traits: Traits;
  /** Library, version and runtime, for people. */
  readonly description: string;
  connect(options: { readonly servers: readonly string[]; readonly noEcho?: boolean }): Promise<PeerConnection>;
  stop(): Promise<void>;
}

/** One connection of a peer. Every call rejects with {@link PeerError} when the client reports a failure. */
export interface PeerConnection {
  /** Resolves when the server knows the subscription. */
  subscribe(subject: string, options?: SubscribeOptions): Promise<PeerSubscription>;
  /** Resolves when the client has taken the message; `flush()` tells when the server has. */
  publish(subject: string, data?: Uint8Array, options?: PublishOptions): Promise<void>;
  /** Publishes `count` messages whose text is a number, from `first` on. */
  burst(subject: string, first: number, count: number): Promise<void>;
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<PeerMessage>;
  /** One request, at most `count` answers, until `timeout`. */
  requestMany(
    subject: string,
    data: Uint8Array,
    options: { readonly count: number; readonly timeout: number },
  ): Promise<readonly PeerMessage[]>;
  flush(): Promise<void>;
  /** Resolves when the client says it is done; every message is in `messages` by then. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface PeerSubscription {
  /** Received so far, in order. */
  readonly messages: readonly PeerMessage[];
  /** At once, or when `max` messages have come since it was made. Resolves when the server knows. */
  unsubscribe(max?: number): Promise<void>;
  drain(): Promise<void>;
}

/** What went wrong, in words every client shares. */
export type PeerFailure = "no-responders" | "timeout" | "failed";

/** A failure a client reported. */
export class PeerError extends Error {
  constructor(
    readonly code: PeerFailure,
    message: string,
  ) {
    super(message);
  }
}
