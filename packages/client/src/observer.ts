// What a connection tells whoever watches it from outside: channels of the runtime (diagnostics.ts), a log (log.ts). Words only.

import type { HistoryEntry } from "@myelin/contracts";
import type { State } from "./session/connection-state.js";
import type { StatusEvent } from "./status.js";

/** None of it throws. */
export interface ConnectionObserver {
  /** The state changed, and with it perhaps the link. */
  transition(from: State, to: State): void;
  event(event: StatusEvent): void;
  /** An attempt begins; to be called with what it ended in: nothing, or why it failed. */
  attempt(attempt: number, server: string): (failure?: unknown) => void;
  /** A request begins; to be called with its answer. `undefined` when nobody wants to know. */
  request(subject: string): ((answer: Promise<unknown>) => void) | undefined;
  /** A step of the history, the first one of a run. */
  step?(entry: HistoryEntry): void;
}
