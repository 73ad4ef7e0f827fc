// What a scenario plays on: servers that can be told to die, to return and to misbehave, whatever the clients are made of.

/** What a server does with a dial. `admits` = so many in any 100 ms, the others are sent away. */
export type Behaviour =
  | { readonly kind: "accepts" | "refuses" | "sends-away" | "rejects-credentials" | "is-silent" }
  | { readonly kind: "admits"; readonly per100ms: number };

export interface Stage {
  readonly clients: number;
  readonly servers: number;
  /** These die: their clients lose them, and the others no longer advertise them. */
  kill(servers: readonly number[]): void;
  /** These are back, empty, and advertised again. */
  revive(servers: readonly number[]): void;
  /** From now on these do so with dials; nobody is thrown out. */
  behave(servers: readonly number[], behaviour: Behaviour): void;
  /** This one announces its leaving; from 10 s on it closes its clients one by one, and after 30 s it is gone. */
  lameDuck(server: number): void;
  /** Plays until this moment, in milliseconds since everybody was connected. */
  run(until: number): Promise<void>;
}

/** Milliseconds from the announcement until the first client is closed, and until the server is gone. */
export const GRACE = 10_000;
export const LAME_DUCK = 30_000;

/** Zone of the server or the client with this number: there are three. */
export function zoneOf(number: number): number {
  return number % 3;
}
