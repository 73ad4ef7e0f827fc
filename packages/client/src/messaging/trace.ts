// Message tracing: two headers that make servers report the path of a message instead of, or beside, delivering it. ADR-41;
// servers from 2.11.

import { InvalidArgumentError } from "@myelin/contracts";
import { type MsgHdrs, headers as newHeaders } from "@myelin/protocol";

/** Options of everything that publishes. */
export interface TraceOptions {
  /** Subject on which the servers report what becomes of the message. */
  readonly traceDestination?: string | undefined;
  /** Report only, deliver nothing. Needs `traceDestination`. */
  readonly traceOnly?: boolean | undefined;
}

/**
 * The headers to send: the caller's own when nothing is to be traced, else a copy of them with the trace headers.
 *
 * @throws InvalidArgumentError for `traceOnly` without `traceDestination`, and for headers to copy that are none
 */
export function tracedHeaders(headers: MsgHdrs | undefined, options: TraceOptions): MsgHdrs | undefined {
  const { traceDestination, traceOnly } = options;
  if (traceDestination === undefined || traceDestination === "") {
    // nats.js programs say null for none.
    if (traceOnly !== true) return headers ?? undefined;
    throw new InvalidArgumentError("traceOnly", "needs traceDestination: somebody must be told of the trace");
  }
  const traced = newHeaders();
  if (headers !== undefined && headers !== null && !areHeaders(headers)) {
    throw new InvalidArgumentError("headers", "are not made with headers()");
  }
  for (const [name, values] of headers ?? []) for (const value of values) traced.append(name, value);
  traced.set("Nats-Trace-Dest", traceDestination);
  if (traceOnly === true) traced.set("Nats-Trace-Only", "true");
  return traced;
}

// By their text, as the encoder judges them: those of another copy of the package and of nats.js are as good. Theirs is empty when they are.
function areHeaders(given: unknown): boolean {
  if (typeof given !== "object" || typeof (given as { toString?: unknown }).toString !== "function") return false;
  const text = String(given);
  return text === "" || text.startsWith("NATS/1.0");
}
