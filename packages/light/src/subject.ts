// What is a subject and a queue group. Pure. Source: ADR-6 (names), NATS docs "Subject-Based Messaging".

import { NatsError } from "@myelin/contracts";

/** A subject, reply subject or queue group that must not go on the wire. Thrown before any byte is written. */
export class InvalidSubjectError extends NatsError {
  readonly code = "INVALID_SUBJECT";
  declare readonly subject: string;

  constructor(subject: string, what: string) {
    super(
      `${what} ${JSON.stringify(subject.slice(0, 128))}: use tokens between dots, no blanks, wildcards to subscribe only`,
    );
    this.subject = subject;
  }
}

// Blanks, control characters and half surrogate pairs; what a queue group must not have either.
const UNUSABLE = /^$|[\0- \x7f]|\p{Surrogate}/u;
const EMPTY_TOKEN = /^\.|\.\.|\.$/;
const WILDCARD = /(^|\.)[*>](\.|$)/;
const MISPLACED = /(^|\.)>\./;

/** What a text is to be used as. */
type Use = "subject" | "reply" | "queue" | "subscribe";

/** Whether the text may be used as this. */
export function isSubject(text: unknown, use: Use): text is string {
  if (typeof text !== "string" || UNUSABLE.test(text)) return false;
  return use === "queue" || !(EMPTY_TOKEN.test(text) || (use === "subscribe" ? MISPLACED : WILDCARD).test(text));
}

/** Throws {@link InvalidSubjectError} unless the text may be used as this. */
export function checkSubject(text: string, use: Use): void {
  if (!isSubject(text, use)) throw new InvalidSubjectError(String(text), use);
}
