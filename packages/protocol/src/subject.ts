// What is a subject, a queue group and a match. Pure functions over strings; the encoder has the same rules in a form that
// writes while it checks (encoder-fields.ts), and a property test keeps the two equal.
// Source: ADR-6 (names), NATS docs "Subject-Based Messaging"; conformance PROTO-6 … PROTO-9.

import { NatsError } from "@myelin/contracts";
import { isWellFormed } from "./utf8.js";

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

const EXPLANATIONS: { readonly [problem in SubjectProblem]: string } = {
  "not-a-string": "is not a string",
  empty: "is empty",
  "empty-token": "has an empty token: no leading, trailing or doubled dot",
  whitespace: "contains whitespace",
  "control-character": "contains a control character",
  wildcard: "contains a wildcard token, which only a subscription may",
  "misplaced-wildcard": 'has ">" before its last token',
  "not-unicode": "contains half a surrogate pair, which UTF-8 cannot carry",
};

/** A subject, reply subject or queue group that must not go on the wire. Thrown before any byte is written. */
export class InvalidSubjectError extends NatsError {
  readonly code = "INVALID_SUBJECT";

  constructor(
    override readonly subject: string,
    /** What is wrong with it. */
    readonly problem: SubjectProblem,
    what = "subject",
  ) {
    super(`${what} ${JSON.stringify(shorten(subject))} ${EXPLANATIONS[problem]}`);
  }
}

function shorten(text: string): string {
  return text.length <= 128 ? text : `${text.slice(0, 125)}...`;
}

const DOT = 46;

/** Why `subject` may not be subscribed to, or `undefined` when it may: wildcards are whole tokens, `>` last only. */
export function subscribeSubjectProblem(subject: string): SubjectProblem | undefined {
  return subjectProblem(subject, true);
}

/** Why `subject` may not be published to (or used as a reply subject), or `undefined` when it may: no wildcard token. */
export function publishSubjectProblem(subject: string): SubjectProblem | undefined {
  return subjectProblem(subject, false);
}

function subjectProblem(subject: string, wildcards: boolean): SubjectProblem | undefined {
  if (typeof subject !== "string") return "not-a-string";
  if (subject === "") return "empty";
  const control = characterProblem(subject);
  if (control !== undefined) return control;
  let tokenStart = 0;
  for (let i = 0; i <= subject.length; i++) {
    if (i < subject.length && subject.charCodeAt(i) !== DOT) continue;
    if (i === tokenStart) return "empty-token";
    if (i === tokenStart + 1) {
      const token = subject.charAt(tokenStart);
      if (token === "*" && !wildcards) return "wildcard";
      if (token === ">" && !wildcards) return "wildcard";
      if (token === ">" && i < subject.length) return "misplaced-wildcard";
    }
    tokenStart = i + 1;
  }
  return undefined;
}

/** Why `queue` may not name a queue group, or `undefined` when it may. Dots are let pass: servers accept them. */
export function queueProblem(queue: string): SubjectProblem | undefined {
  if (typeof queue !== "string") return "not-a-string";
  if (queue === "") return "empty";
  return characterProblem(queue);
}

function characterProblem(text: string): SubjectProblem | undefined {
  let ascii = true;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 32 || (unit >= 9 && unit <= 13)) return "whitespace";
    if (unit < 32 || unit === 127) return "control-character";
    if (unit > 127) ascii = false;
  }
  return ascii || isWellFormed(text) ? undefined : "not-unicode";
}

/** True when `subject` may be published to. */
export function isValidPublishSubject(subject: string): boolean {
  return publishSubjectProblem(subject) === undefined;
}

/** True when `subject` may be subscribed to. */
export function isValidSubscribeSubject(subject: string): boolean {
  return subscribeSubjectProblem(subject) === undefined;
}

/** Throws {@link InvalidSubjectError} unless `subject` may be published to. `what` names it in the message. */
export function checkPublishSubject(subject: string, what?: string): void {
  const problem = publishSubjectProblem(subject);
  if (problem !== undefined) throw new InvalidSubjectError(String(subject), problem, what);
}

/** Throws {@link InvalidSubjectError} unless `subject` may be subscribed to. */
export function checkSubscribeSubject(subject: string, what?: string): void {
  const problem = subscribeSubjectProblem(subject);
  if (problem !== undefined) throw new InvalidSubjectError(String(subject), problem, what);
}

/** Throws {@link InvalidSubjectError} unless `queue` may name a queue group. */
export function checkQueue(queue: string): void {
  const problem = queueProblem(queue);
  if (problem !== undefined) throw new InvalidSubjectError(String(queue), problem, "queue");
}

/** True when the subject has a whole token `*` or `>`. */
export function hasWildcards(subject: string): boolean {
  return subject.split(".").some((token) => token === "*" || token === ">");
}

/**
 * True when a subscription to `pattern` receives what is published to `subject`: `*` stands for one token, a final `>`
 * for one or more, both only as whole tokens. Case-sensitive. Both are taken to be valid; nothing is allocated.
 */
export function subjectMatches(pattern: string, subject: string): boolean {
  let p = 0;
  let s = 0;
  while (p < pattern.length && s < subject.length) {
    const patternEnd = tokenEnd(pattern, p);
    const subjectEnd = tokenEnd(subject, s);
    const single = patternEnd === p + 1;
    const first = pattern.charCodeAt(p);
    if (single && first === 62 /* > */ && patternEnd === pattern.length) return true;
    if (!(single && first === 42) /* * */) {
      if (patternEnd - p !== subjectEnd - s) return false;
      for (let i = p, j = s; i < patternEnd; i++, j++) {
        if (pattern.charCodeAt(i) !== subject.charCodeAt(j)) return false;
      }
    }
    p = patternEnd + 1;
    s = subjectEnd + 1;
  }
  return p > pattern.length && s > subject.length;
}

function tokenEnd(text: string, from: number): number {
  const dot = text.indexOf(".", from);
  return dot < 0 ? text.length : dot;
}
