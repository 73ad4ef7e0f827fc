import { describe, expect, it } from "vitest";
import { classifyServerError, type ServerErrorInfo } from "./index.js";

type Expected = Partial<ServerErrorInfo>;

const rows: readonly [id: string, text: string, expected: Expected][] = [
  ["PROTO-41", "Unknown Protocol Operation", { kind: "protocol", closes: true }],
  ["PROTO-42", "Attempted To Connect To Route Port", { kind: "wrong-port", closes: true }],
  ["PROTO-42", "attempted to connect to gateway port", { kind: "wrong-port", closes: true }],
  ["PROTO-42", "attempted to connect to leaf node port", { kind: "wrong-port", closes: true }],
  ["PROTO-43", "Authorization Violation", { kind: "auth", closes: true }],
  ["PROTO-44", "Authorization Timeout", { kind: "auth-timeout", closes: true }],
  ["PROTO-44, ERR-5", "Authentication Timeout", { kind: "auth-timeout", closes: true }],
  ["PROTO-45, ERR-4", "invalid client protocol", { kind: "invalid-client-protocol", closes: true }],
  ["PROTO-46, ERR-4", "maximum control line exceeded", { kind: "max-control-line", closes: true }],
  ["PROTO-47", "Parser Error", { kind: "protocol", closes: true }],
  ["PROTO-48", "Secure Connection - TLS Required", { kind: "tls-required", closes: true }],
  ["PROTO-49", "Stale Connection", { kind: "stale", closes: true }],
  ["PROTO-50, ERR-4", "maximum connections exceeded", { kind: "max-connections", closes: true }],
  [
    "PROTO-50",
    "Connection throttling is active. Please try again later.",
    { kind: "connection-throttled", closes: true },
  ],
  ["PROTO-51", "Slow Consumer", { kind: "slow-consumer", closes: true }],
  ["PROTO-52", "Maximum Payload Violation", { kind: "max-payload", closes: true }],
  ["PROTO-53", "Invalid Subject", { kind: "invalid-subject", closes: false }],
  [
    "PROTO-54",
    'Permissions Violation for Subscription to "s.>"',
    { kind: "permission-subscribe", closes: false, subject: "s.>" },
  ],
  [
    "PROTO-54, ERR-7",
    'Permissions Violation for Subscription to "s" using queue "q"',
    { kind: "permission-subscribe", subject: "s", queue: "q" },
  ],
  [
    "PROTO-54, ERR-7",
    'Permissions Violation for Subscription to "s" (sid "7")',
    { kind: "permission-subscribe", subject: "s", sid: "7" },
  ],
  [
    "PROTO-54, ERR-7",
    'Permissions Violation for Subscription to "s", too many tokens',
    { kind: "permission-subscribe", subject: "s" },
  ],
  ["PROTO-54", "Permissions Violation for Subscription to foo", { kind: "permission-subscribe", subject: "foo" }],
  [
    "PROTO-55",
    'Permissions Violation for Publish to "s"',
    { kind: "permission-publish", closes: false, subject: "s", reply: false },
  ],
  [
    "PROTO-55, ERR-7",
    'Permissions Violation for Publish with Reply of "r"',
    { kind: "permission-publish", closes: false, subject: "r", reply: true },
  ],
  ["PROTO-56", "Invalid Publish Subject", { kind: "invalid-subject", closes: false }],
  ["PROTO-40, PROTO-56", "maximum subscriptions exceeded", { kind: "max-subscriptions", closes: false }],
  ["PROTO-57", "User Authentication Expired", { kind: "auth-expired", closes: true }],
  ["PROTO-57", "Account Authentication Expired", { kind: "auth-expired", closes: true }],
  ["PROTO-57", "User Authentication Revoked", { kind: "auth-revoked", closes: true }],
  ["PROTO-57", "maximum account active connections exceeded", { kind: "max-account-connections", closes: true }],
  ["PROTO-57", "no responders requires headers support", { kind: "no-responders-requires-headers", closes: true }],
  ["PROTO-57", "Failed Account Registration", { kind: "account", closes: true }],
  ["PROTO-58", "Something new", { kind: "unknown", closes: undefined, text: "Something new" }],
  ["PROTO-58", "", { kind: "unknown", closes: undefined, text: "" }],
];

describe("classifyServerError", () => {
  it.each(rows)("%s: %s", (_, text, expected) => {
    expect(classifyServerError(text)).toMatchObject(expected);
    expect(classifyServerError(`'${text}'`)).toMatchObject(expected);
  });

  it.each(rows)("%s, ERR-4: %s in any case", (_, text, { kind }) => {
    expect(classifyServerError(text.toUpperCase()).kind).toBe(kind);
    expect(classifyServerError(text.toLowerCase()).kind).toBe(kind);
  });

  it("ERR-7: without queue, sid or subject the fields are absent", () => {
    expect(Object.keys(classifyServerError('Permissions Violation for Subscription to "s"')).sort()).toEqual([
      "closes",
      "kind",
      "subject",
      "text",
    ]);
    expect(Object.keys(classifyServerError("Permissions Violation for Subscription")).sort()).toEqual([
      "closes",
      "kind",
      "text",
    ]);
  });

  it("a hostile subject does not make another error of it", () => {
    expect(classifyServerError('Permissions Violation for Publish to "stale connection"')).toMatchObject({
      kind: "permission-publish",
      subject: "stale connection",
    });
  });
});
