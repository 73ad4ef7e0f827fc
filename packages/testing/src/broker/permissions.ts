// What a user may publish and subscribe to. Pure: subjects in, verdicts out. Source: nats-server's authorization
// configuration; a subject is allowed when `allow` is absent or has it, and `deny` has not.

import { isValidSubscribeSubject, subjectMatches } from "@myelin/protocol";

/** Subjects, with wildcards; a list alone is what is allowed. */
export type SubjectRules =
  | readonly string[]
  | { readonly allow?: readonly string[] | undefined; readonly deny?: readonly string[] | undefined };

/** What a user of a broker may do. Absent = everything. */
export interface BrokerPermissions {
  /** Subjects to publish to. Default: all. */
  readonly publish?: SubjectRules | undefined;
  /** Subjects to subscribe to. Default: all. */
  readonly subscribe?: SubjectRules | undefined;
}

/** Whether this subject, or this subscription with wildcards, passes the rules. */
export function allows(rules: SubjectRules | undefined, subject: string): boolean {
  if (rules === undefined) return true;
  const { allow, deny } = "length" in rules ? { allow: rules, deny: undefined } : rules;
  // What is no subject is on no list.
  const isSubject = isValidSubscribeSubject(subject);
  const listed = (list: readonly string[]): boolean =>
    isSubject && list.some((pattern) => subjectMatches(pattern, subject));
  return (allow === undefined || listed(allow)) && (deny === undefined || !listed(deny));
}

/** Whether the rules deny a message on this subject to somebody whose wildcard subscription they let pass. */
export function denies(rules: SubjectRules | undefined, subject: string): boolean {
  if (rules === undefined || "length" in rules || rules.deny === undefined) return false;
  return rules.deny.some((pattern) => subjectMatches(pattern, subject));
}
