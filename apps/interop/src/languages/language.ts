// What is known of a language whose client we meet: its traits, and how its driver becomes something that can be started.

import type { DriverCommand } from "../driver-process.js";
import type { Traits } from "../peer.js";

export interface Language {
  /** The library, as in the tables. */
  readonly name: string;
  /** Name of its folder below `drivers` and of its test file. */
  readonly file: string;
  readonly traits: Traits;
  /**
   * Builds or installs the driver into the cache, unless it is there. Rejects with {@link MissingToolchainError} when this
   * machine cannot, and with what the tool printed when the tool fails.
   */
  prepare(say: (line: string) => void): Promise<DriverCommand>;
}

/** The machine lacks what builds or runs a driver: a reason to skip, not a failure. */
export class MissingToolchainError extends Error {}
