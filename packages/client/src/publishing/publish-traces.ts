// Where publishes were made, for the error of one that the server denies: it names a subject, and comes when the call has long returned
// (P22). Kept only when asked for: it costs a stack for each publish.

import { callSite } from "../call-sites.js";

/** Subjects remembered, those published to latest. */
const REMEMBERED = 1_000;

export class PublishTraces {
  readonly #sites = new Map<string, { readonly stack?: string } | undefined>();

  /** @param callee the public function called, above which the caller's stack begins */
  remember(subject: string, callee: object): void {
    this.#sites.delete(subject);
    this.#sites.set(subject, callSite(callee));
    if (this.#sites.size <= REMEMBERED) return;
    for (const oldest of this.#sites.keys()) {
      this.#sites.delete(oldest);
      return;
    }
  }

  /** Where the latest publish to this subject was made. */
  of(subject: string): { readonly stack?: string } | undefined {
    return this.#sites.get(subject);
  }
}
