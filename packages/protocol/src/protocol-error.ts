// The error of a byte stream that is not the NATS client protocol. How it is found is the decoder's business.

import { NatsError } from "@myelin/contracts";

/** What was wrong with the stream; closed set. */
export type ProtocolErrorReason =
  | "unknown-operation"
  | "control-line-too-long"
  | "missing-crlf"
  | "wrong-field-count"
  | "invalid-number"
  | "invalid-header-size"
  | "payload-too-large"
  | "invalid-json";

/**
 * The peer sent bytes that are not the NATS client protocol; the stream cannot be trusted any more, so drop the
 * connection. `excerpt` is the beginning of the offending control line, printable, at most 64 characters, and never
 * holds payload or anything of a CONNECT.
 */
export class ProtocolError extends NatsError {
  readonly code = "PROTOCOL_ERROR";

  constructor(
    /** What was wrong. */
    readonly reason: ProtocolErrorReason,
    message: string,
    /** The beginning of the line at fault; see above. */
    readonly excerpt: string,
    options?: ErrorOptions,
  ) {
    super(excerpt === "" ? message : `${message} (near "${excerpt}")`, options);
  }
}

const EXCERPT_LENGTH = 64;

/** The bytes [start, end) as printable ASCII of at most 64 characters; everything unprintable becomes a dot. */
export function excerptOf(buffer: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, start + EXCERPT_LENGTH);
  let text = "";
  for (let i = start; i < stop; i++) {
    const byte = buffer[i] ?? 0;
    text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".";
  }
  return text;
}
