// What decides for one client which server is dialled, and when. Servers are numbers here, times milliseconds. A policy dials nothing
// and waits for nothing: it answers, and is told what came of it.

/** What to do without a connection. Asked again at `until`. */
export type Decision =
  | { readonly kind: "dial"; readonly server: number }
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "give-up" };

/** What to do with one: move to this server, or ask again at `until`, `undefined` = after the next report. */
export type Review =
  | { readonly kind: "move"; readonly server: number }
  | { readonly kind: "stay"; readonly until: number | undefined };

/** Why a dial failed. `refused` = the server answered and sent us away. */
export type Failure = "network" | "timeout" | "auth" | "refused";

export interface Policy {
  decide(now: number): Decision;
  review(now: number): Review;
  dialing(server: number, now: number): void;
  connected(server: number, now: number): void;
  failed(server: number, failure: Failure, now: number): void;
  /** The connection ended. */
  lost(server: number, now: number): void;
  /** The connection was left for another one. */
  left(server: number, now: number): void;
  /** The server in use announced that it leaves. */
  lameDuck(server: number, now: number): void;
  /** The server in use, or one that is being connected to, tells which servers there are. */
  advertised(servers: readonly number[], by: number, now: number): void;
}

/** Makes the policy of each client. */
export interface PolicyKind {
  readonly name: string;
  /** In one line, with what decides it. */
  readonly about: string;
  /** Milliseconds a dial may take. */
  readonly timeout: number;
  create(client: ClientKind): Policy;
}

/** What a client is configured with. */
export interface ClientKind {
  /** Servers in its list. */
  readonly seeds: readonly number[];
  /** Zone of each server, and of the client. */
  readonly zoneOf: (server: number) => number;
  readonly zone: number;
  readonly random: () => number;
}

/** Never moves away from a connection that works: what all but ours do. */
export const STAYS: Review = Object.freeze({ kind: "stay", until: undefined });
