// What is a subject and a queue group. Pure. Source: ADR-6 (names), NATS docs "Subject-Based Messaging".

import { NatsError } from "@myelin/contracts";

/** What is wrong with a subject or queue group; closed set. */
export type SubjectProblem =
  | "not-a-string"
  | "empty"
  | "empty-token"
  | "whitespace"
  | "control-character"
  | "wildcard"
  | "misplaced-wildcard"
  | "not-unicode";

/** A subject, reply subject or queue group that must not go on the wire. Thrown before any byte is written. */
export class InvalidSubjectError extends NatsError {
  readonly code = "INVALID_SUBJECT";

  constructor(
    override readonly subject: string,
    /** What is wrong with it. */
    readonly problem: SubjectProblem,
    what: string,
  ) {
    super(`${what} ${JSON.stringify(subject.slice(0, 128))} cannot be used: ${problem}`);
  }
}

/** Throws {@link InvalidSubjectError} unless the text may be used as what it is. A queue group may have any tokens. */
export function checkSubject(subject: string, what: "publish subject" | "reply" | "subscribe subject" | "queue"): void {
  const problem = characterProblem(subject) ?? (what === "queue" ? undefined : tokenProblem(subject, what[0] === "s"));
  if (problem !== undefined) throw new InvalidSubjectError(String(subject), problem, what);
}

function characterProblem(text: string): SubjectProblem | undefined {
  if (typeof text !== "string") return "not-a-string";
  if (text === "") return "empty";
  if (/[\t-\r ]/.test(text)) return "whitespace";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\0-\x1f\x7f]/.test(text)) return "control-character";
  return /\p{Surrogate}/u.test(text) ? "not-unicode" : undefined;
}

function tokenProblem(subject: string, wildcards: boolean): SubjectProblem | undefined {
  if (/^\.|\.\.|\.$/.test(subject)) return "empty-token";
  if (!wildcards) return /(^|\.)[*>](\.|$)/.test(subject) ? "wildcard" : undefined;
  return /(^|\.)>\./.test(subject) ? "misplaced-wildcard" : undefined;
}
