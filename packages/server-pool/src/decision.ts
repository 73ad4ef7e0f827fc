// What the pool answers when it is asked which server is next.

import type { ServerView } from "./server.js";

/** What to do now. `until` is on the caller's clock; ask again then, or after the next report, whichever is first. */
export type Decision =
  | { readonly kind: "dial"; readonly server: ServerView }
  /** With `server`: for this one, which the caller's `selectServer` wants later. */
  | { readonly kind: "wait"; readonly until: number; readonly server?: ServerView }
  | { readonly kind: "give-up"; readonly reason: "max-attempts" | "repeated-auth-error" | "empty-pool" };
