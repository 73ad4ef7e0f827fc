// Inboxes: subjects nobody else guesses, to be answered on.

import { InvalidArgumentError } from "@myelin/contracts";
import { checkPublishSubject, InvalidSubjectError } from "@myelin/protocol";
import { errorOf } from "../errors.js";
import { Nuid } from "./nuid.js";

export const DEFAULT_INBOX_PREFIX = "_INBOX";

/**
 * A new subject of the form `<prefix>.<nuid>`.
 *
 * @param prefix one or more tokens without wildcards; default `_INBOX`
 * @throws InvalidArgumentError when the prefix is not a subject or holds a wildcard
 */
export function createInbox(prefix: string = DEFAULT_INBOX_PREFIX): string {
  checkInboxPrefix(prefix);
  return `${prefix}.${new Nuid().next()}`;
}

/** Throws InvalidArgumentError unless `prefix` can start an inbox. */
export function checkInboxPrefix(prefix: string): void {
  try {
    checkPublishSubject(prefix, "prefix");
  } catch (cause) {
    if (!(cause instanceof InvalidSubjectError)) throw errorOf(cause);
    throw new InvalidArgumentError("inboxPrefix", `${cause.message}; use tokens such as "_INBOX_team"`, { cause });
  }
}
