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

/** Throws {@link InvalidSubjectError} unless the text may be used as what it is. */
export function checkSubject(text: string, what: "subject" | "reply" | "queue" | "subscribe"): void {
  const tokens = (): boolean => EMPTY_TOKEN.test(text) || (what === "subscribe" ? MISPLACED : WILDCARD).test(text);
  if (typeof text !== "string" || UNUSABLE.test(text) || (what !== "queue" && tokens())) {
    throw new InvalidSubjectError(String(text), what);
  }
}
