// What is known of an operation that failed: subject, server, time and caller, added to its error. No error class lives here.

import { isNatsError, NatsError } from "@myelin/contracts";

/** What is known of an operation that failed. */
export interface OperationFacts {
  readonly subject: string;
  /** `host:port`, `undefined` while there is no link. */
  readonly server: string | undefined;
  readonly elapsedMs: number;
}

/** Where in the caller's code an operation began; formatted only when it is read. */
export interface CallSite {
  readonly stack?: string;
}

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
  const frames = site?.stack?.split("\n").slice(1).join("\n");
  if (frames !== undefined && frames !== "")
    error.stack = `${error.stack ?? error.message}\n    --- called from ---\n${frames}`;
  return error;
}

/** The stack above `callee`, formatted only when it is read; `undefined` where the runtime cannot. */
export function callSite(callee: object): CallSite | undefined {
  const { captureStackTrace } = Error as { captureStackTrace?: (target: object, above: object) => void };
  if (captureStackTrace === undefined) return undefined;
  const site: CallSite = {};
  captureStackTrace(site, callee);
  return site;
}

/** `work`, whose error then tells these facts and the caller; a reason that is the caller's own is passed on untouched. */
export async function locating<T>(
  work: Promise<T>,
  facts: () => OperationFacts,
  site: CallSite | undefined,
): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw isNatsError(cause) ? located(cause, facts(), site) : cause;
  }
}
