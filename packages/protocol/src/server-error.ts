// What a `-ERR` text means: one table, first match wins. Reacting to it is the client's business.
// Source: NATS client protocol, nats-server error texts (2.9 to 2.15); conformance PROTO-41 … PROTO-58, ERR-4 … ERR-7.

/** Closed set; `"unknown"` is every text no row knows. */
export type ServerErrorKind =
  | "auth"
  | "auth-expired"
  | "auth-revoked"
  | "auth-timeout"
  | "account"
  | "max-account-connections"
  | "permission-publish"
  | "permission-subscribe"
  | "stale"
  | "slow-consumer"
  | "max-connections"
  | "connection-throttled"
  | "max-payload"
  | "max-control-line"
  | "max-subscriptions"
  | "invalid-subject"
  | "invalid-client-protocol"
  | "no-responders-requires-headers"
  | "protocol"
  | "tls-required"
  | "wrong-port"
  | "unknown";

/** One `-ERR`, classified. */
export interface ServerErrorInfo {
  /** Which of the texts a server sends it is. */
  readonly kind: ServerErrorKind;
  /** What the server wrote, without the quotes around it. */
  readonly text: string;
  /** The server closes the connection after this error; `undefined` = not known, wait and see. */
  readonly closes: boolean | undefined;
  /** Permission and subject errors: the subject, as the server quoted it. */
  readonly subject?: string;
  /** Permission to subscribe: the queue group. */
  readonly queue?: string;
  /** Permission to publish: true when `subject` was the reply subject of the publish. */
  readonly reply?: boolean;
  /** Permission to subscribe, after a reload of the server: the subscription's sid. */
  readonly sid?: string;
}

interface Row {
  readonly match: RegExp;
  readonly kind: ServerErrorKind;
  readonly closes: boolean;
}

const ROWS: readonly Row[] = [
  { match: /permissions violation for subscription/i, kind: "permission-subscribe", closes: false },
  { match: /permissions violation for publish/i, kind: "permission-publish", closes: false },
  { match: /authorization violation/i, kind: "auth", closes: true },
  { match: /auth(?:orization|entication) timeout/i, kind: "auth-timeout", closes: true },
  { match: /(?:user|account) authentication expired/i, kind: "auth-expired", closes: true },
  { match: /authentication revoked/i, kind: "auth-revoked", closes: true },
  { match: /maximum account active connections exceeded/i, kind: "max-account-connections", closes: true },
  { match: /failed account registration/i, kind: "account", closes: true },
  { match: /maximum connections exceeded/i, kind: "max-connections", closes: true },
  { match: /connection throttling/i, kind: "connection-throttled", closes: true },
  { match: /maximum subscriptions exceeded/i, kind: "max-subscriptions", closes: false },
  { match: /maximum payload/i, kind: "max-payload", closes: true },
  { match: /maximum control line/i, kind: "max-control-line", closes: true },
  { match: /attempted to connect to (?:route|gateway|leaf ?node)/i, kind: "wrong-port", closes: true },
  { match: /secure connection - tls required/i, kind: "tls-required", closes: true },
  { match: /stale connection/i, kind: "stale", closes: true },
  { match: /slow consumer/i, kind: "slow-consumer", closes: true },
  { match: /no responders requires headers/i, kind: "no-responders-requires-headers", closes: true },
  { match: /invalid client protocol/i, kind: "invalid-client-protocol", closes: true },
  { match: /invalid (?:publish )?subject/i, kind: "invalid-subject", closes: false },
  { match: /unknown protocol operation|parser error/i, kind: "protocol", closes: true },
];

// The subject is quoted by every server since 2.0; unquoted in older documents.
const SUBSCRIPTION = /for subscription to (?:"([^"]*)"|'([^']*)'|(\S+))(?:.*?using queue (?:"([^"]*)"|(\S+)))?/i;
const SUBSCRIPTION_SID = /\(sid "([^"]*)"\)/i;
const PUBLISH = /for publish( with reply of)?(?: to)? (?:"([^"]*)"|'([^']*)'|(\S+))/i;
const SUBJECT = /subject:? (?:"([^"]*)"|'([^']*)')/i;

/**
 * Says what a `-ERR` text means. Case-insensitive, tolerant of quotes around the text and of words after the known ones.
 * Never throws: what it does not know is `{ kind: "unknown", closes: undefined }`.
 */
export function classifyServerError(text: string): ServerErrorInfo {
  const bare = stripQuotes(text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ""));
  const row = ROWS.find(({ match }) => match.test(bare));
  if (row === undefined) return { kind: "unknown", text: bare, closes: undefined };
  return { kind: row.kind, text: bare, closes: row.closes, ...details(row.kind, bare) };
}

/** The text of a `-ERR` without the single quotes around it. */
export function stripQuotes(text: string): string {
  const start = text.startsWith("'") ? 1 : 0;
  const end = text.length > start && text.endsWith("'") ? text.length - 1 : text.length;
  return text.slice(start, end);
}

function details(kind: ServerErrorKind, text: string): Partial<ServerErrorInfo> {
  if (kind === "permission-subscribe") {
    const found = SUBSCRIPTION.exec(text);
    const subject = found?.[1] ?? found?.[2] ?? found?.[3];
    const queue = found?.[4] ?? found?.[5];
    const sid = SUBSCRIPTION_SID.exec(text)?.[1];
    return { ...(subject && { subject }), ...(queue && { queue }), ...(sid && { sid }) };
  }
  if (kind === "permission-publish") {
    const found = PUBLISH.exec(text);
    const subject = found?.[2] ?? found?.[3] ?? found?.[4];
    return { ...(subject && { subject }), reply: found?.[1] !== undefined };
  }
  if (kind === "invalid-subject") {
    const found = SUBJECT.exec(text);
    const subject = found?.[1] ?? found?.[2];
    return subject === undefined ? {} : { subject };
  }
  return {};
}
