// The words of the table of public calls: what a call is given, and what is written down about it. The table itself is in
// connection-calls.ts, receiving-calls.ts and user-code.ts; who runs it, over which servers and through which faults, is not its
// business.

import type { Clock } from "@myelin/contracts";
import type { ConnectionOptions, Msg, NatsConnection, Subscription } from "../../src/index.js";

/** What a call has to work with. */
export interface Scene {
  readonly nc: NatsConnection;
  readonly clock: Clock;
  /** The list it was connected with. */
  readonly servers: string;
  /** One of those that are there: with a callback, iterated by somebody, or by nobody. */
  readonly sub: Subscription;
  /** With the reply subject `reply`. */
  readonly msg: Msg;
  /** Aborts when the scene likes, with {@link ABORTED}. */
  signal(): AbortSignal;
  /** A signal that is aborted already. */
  aborted(): AbortSignal;
  /** Remembers a subscription, for later calls. */
  keep(sub: Subscription): Subscription;
  /** Work of the caller's own, such as a loop, whose failure the caller handles. */
  own(work: () => Promise<unknown>): Promise<unknown>;
  /** Another connection to the same servers, closed again should it come to be. */
  dial(options: ConnectionOptions): Promise<unknown>;
}

/** Makes one call. Of what it returns, promises are waited for; nobody attaches to them before the fault is over. */
export type Call = (scene: Scene) => unknown;

/** A class of errors; `instanceof` is not enough, it must be the very class. */
// biome-ignore lint/suspicious/noExplicitAny: any constructor
export type ErrorClass = abstract new (...args: any[]) => Error;

/** One public name. */
export interface Row {
  /** What its calls may throw or reject with, beside the reason of a signal. */
  readonly fails: readonly ErrorClass[];
  readonly calls: readonly Call[];
  /** It ends the connection. */
  readonly ends?: true;
}

/** A member that is public for another class of the package; a caller has nothing to call it with. */
export const internal: Row = { fails: [], calls: [] };

/** The reason of every signal of a scene. */
export const ABORTED: Error = new Error("aborted by the caller");

/** More than a server allows. */
export const TOO_LARGE: Uint8Array = new Uint8Array(1_100_000);

/** What user code throws. */
export const MINE: Error = new Error("the user's own");

/** What people throw, and what is awkward to print. */
export const OUTLANDISH: readonly unknown[] = [
  MINE,
  undefined,
  null,
  "text",
  Symbol("thrown"),
  Object.create(null),
  {
    toString: () => {
      throw MINE;
    },
  },
  Object.defineProperty(new Error(), "message", {
    get: () => {
      throw MINE;
    },
  }),
];
