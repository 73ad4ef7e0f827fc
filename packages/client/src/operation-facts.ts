// What is known of an operation that failed: subject, server, time and caller, added to its error. No error class lives here.

import { NatsError } from "@myelin/contracts";
import { type CallSite, callSite } from "./call-sites.js";
import { observe } from "./deferred.js";

/** What is known of an operation that failed. */
export interface OperationFacts {
  readonly subject: string;
  /** `host:port`, `undefined` while there is no link. */
  readonly server: string | undefined;
  readonly elapsedMs: number;
}

const CALLED_FROM = "\n    --- called from ---\n";

/** Adds what is known to an error of one operation, and where in the caller's code that operation began. */
export function located(error: Error, facts: OperationFacts, site: CallSite | undefined): Error {
  if (error instanceof NatsError) {
    for (const [name, value] of Object.entries(facts)) {
      if ((error as unknown as Record<string, unknown>)[name] !== undefined) continue;
      Object.defineProperty(error, name, { value, enumerable: true });
    }
  }
  return calledFrom(error, site);
}

/** Adds where in the caller's code it all began. */
export function calledFrom(error: Error, site: CallSite | undefined): Error {
  // What runs callbacks for Node is below the functions that await; it tells nothing.
  const frames = site?.stack
    ?.split("\n")
    .slice(1)
    .filter((frame) => !frame.includes("(node:internal/"))
    .join("\n");
  const own = error.stack ?? error.message;
  // One that several wait for, as when the server denies the inbox they share, tells the first of them and does not grow.
  if (frames !== undefined && frames !== "" && !own.includes(CALLED_FROM))
    error.stack = `${own}${CALLED_FROM}${frames}`;
  return error;
}

/**
 * `work`, taken care of. When traces are wanted and no stack was taken in its call, its error tells the async functions that wait for it
 * by then, for which V8 needs nothing beforehand. Whoever waits in another way, by a callback or with a second one, is not found.
 *
 * @param site the stack that was taken in the call
 * @param ours true for an error that is this operation's alone
 */
export function traced<T>(
  work: Promise<T>,
  wanted: boolean,
  site: CallSite | undefined,
  ours: (error: unknown) => boolean,
): Promise<T> {
  if (!wanted || site !== undefined) return observe(work);
  const waiting = async (): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (ours(error)) calledFrom(error as Error, callSite(waiting));
      // Not before: of a promise that two wait for, V8 follows neither.
      void observe(outcome);
      throw error;
    }
  };
  const outcome = waiting();
  return outcome;
}

/**
 * `work`, whose error then tells these facts and the caller.
 *
 * @param ours true for an error that is this operation's alone; any other is passed on untouched
 */
export async function locating<T>(
  work: Promise<T>,
  facts: () => OperationFacts,
  site: CallSite | undefined,
  ours: (error: unknown) => error is Error,
): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw ours(cause) ? located(cause, facts(), site) : cause;
  }
}
