// What a server says when it ends a connection: to one that broke the protocol, and to every WebSocket.

import type { ProtocolError } from "@myelin/protocol";

/** The text of `-ERR`; `undefined` = it ends without a word. Source: nats-server 2.9 to 2.15. */
export function answerTo({ reason, excerpt }: ProtocolError): string | undefined {
  if (reason === "payload-too-large") return "Maximum Payload Violation";
  if (reason === "control-line-too-long") return "maximum control line exceeded";
  if (reason === "unknown-operation" || reason === "missing-crlf") return "Unknown Protocol Operation";
  // A verb alone is no operation; fields that make no sense end it silently.
  return /^\w+$/.test(excerpt) ? "Unknown Protocol Operation" : undefined;
}

/** Close codes of a WebSocket. Source: RFC 6455 §7.4.1. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  policy: 1008,
  tooBig: 1009,
  unexpected: 1011,
} as const;

/** The close code of a client that is sent away with this `-ERR`, or without a word. Source: nats-server 2.9 to 2.15. */
export function closeCodeOf(text: string | undefined): number {
  return text === undefined ? CloseCode.protocol : (BY_TEXT.get(text) ?? CloseCode.policy);
}

const BY_TEXT: ReadonlyMap<string, number> = new Map([
  ["Unknown Protocol Operation", CloseCode.protocol],
  ["Maximum Payload Violation", CloseCode.tooBig],
  ["Stale Connection", CloseCode.goingAway],
  ["no responders requires headers support", CloseCode.unexpected],
]);
