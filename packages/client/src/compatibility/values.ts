// Values and one-line functions that nats.js exports.

import type { ConnectionOptions } from "../connection-options.js";
import { Nuid } from "../messaging/nuid.js";

/** A payload of no bytes. */
export const Empty: Uint8Array = new Uint8Array(0);

/** Unique ids for who needs few of them: every call draws anew. For many, keep a {@link Nuid} of your own. */
export const nuid: Pick<Nuid, "next" | "reset"> = Object.freeze({ next: () => new Nuid().next(), reset: () => {} });

/** Milliseconds as nanoseconds, which JetStream's API uses. */
export function nanos(milliseconds: number): number {
  return milliseconds * 1_000_000;
}

/** Nanoseconds as whole milliseconds. */
export function millis(nanoseconds: number): number {
  return Math.floor(nanoseconds / 1_000_000);
}

/** The name of a header as MIME writes it: `nats-msg-id` becomes `Nats-Msg-Id`. */
export function canonicalMIMEHeaderKey(name: string): string {
  return name.toLowerCase().replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** True when any of the servers is to be reached over WebSocket. */
export function hasWsProtocol(options: Pick<ConnectionOptions, "servers"> = {}): boolean {
  const { servers = [] } = options;
  const list = typeof servers === "string" ? servers.split(",") : servers;
  return list.some((url) => /^\s*wss?:\/\//i.test(url));
}
