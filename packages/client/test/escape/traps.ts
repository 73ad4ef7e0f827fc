// Catches what would have ended the process, for as long as somebody wants to know.

import { printed } from "./ledger.js";

/** Calls `caught` for every unhandled rejection and uncaught exception; returns a function that stops it. */
export function trap(caught: (what: string) => void): () => void {
  const rejection = (reason: unknown): void => caught(`unhandled rejection: ${printed(reason)}`);
  const exception = (error: unknown): void => caught(`uncaught exception: ${printed(error)}`);
  process.on("unhandledRejection", rejection);
  process.on("uncaughtException", exception);
  return () => {
    process.off("unhandledRejection", rejection);
    process.off("uncaughtException", exception);
  };
}
