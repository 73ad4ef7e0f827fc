// What a server says before it ends a connection that broke the protocol.

import type { ProtocolError } from "@myelin/protocol";

/** The text of `-ERR`; `undefined` = it ends without a word. Source: nats-server 2.9 to 2.15. */
export function answerTo({ reason, excerpt }: ProtocolError): string | undefined {
  if (reason === "payload-too-large") return "Maximum Payload Violation";
  if (reason === "control-line-too-long") return "maximum control line exceeded";
  if (reason === "unknown-operation" || reason === "missing-crlf") return "Unknown Protocol Operation";
  // A verb alone is no operation; fields that make no sense end it silently.
  return /^\w+$/.test(excerpt) ? "Unknown Protocol Operation" : undefined;
}
