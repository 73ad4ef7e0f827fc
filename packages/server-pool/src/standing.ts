// Who is demoted for the next dial, and the words for it. Rules that hold under every strategy; the order among equals is
// the strategy's. Source: decision D15; conformance SEED-30, SEED-34; the lame duck notice of ADR-5.

import type { ServerFailure } from "./server.js";
import type { ServerEntry } from "./server-entry.js";

/** Standings from this one on are no place to move to while another server still serves us. */
export const LEAVING = 3;

/**
 * How far behind a server stands; 0 = not demoted. Only servers of the best standing compete for a dial.
 *
 * 1. Its connection was just lost: most likely it is the server that is down.
 * 2. Advertised, never connected, and some dial of this outage has failed. Addresses a client cannot reach (inner
 *    addresses of a container network) come in bunches, and each costs a whole dial timeout. So one is tried, then every
 *    seed and every server that ever worked.
 * 3. Lame duck: it is leaving, but a server that is alone may be back at the same address soon.
 * 4. Advertised, dialled, and never connected: below every seed until it works.
 */
export function standing(entry: ServerEntry, failuresInOutage: number): number {
  const unproven = entry.origin === "gossip" && !entry.everConnected;
  if (unproven && entry.consecutiveFailures > 0) return 4;
  if (entry.lameDuck) return LEAVING;
  if (unproven && failuresInOutage > 0) return 2;
  return entry.justLost ? 1 : 0;
}

/** Why a server of this standing was not chosen. */
export function standingReason(place: number): string {
  switch (place) {
    case 1:
      return "just lost, others come first";
    case 2:
      return "never connected, servers that worked come first";
    case 3:
      return "lame duck";
    case 4:
      return "ranks below seeds: advertised, failed and never connected";
    default:
      return "not demoted";
  }
}

const FAILURES: Readonly<Record<ServerFailure["kind"], string>> = {
  network: "a network failure",
  timeout: "a timeout",
  tls: "a TLS failure",
  auth: "an authentication error",
  protocol: "a protocol error",
  "refused-by-server": "being refused by the server",
  lost: "short connections in a row",
};

/** Why a server is not dialled yet. */
export function waitReason(entry: ServerEntry, notBefore: number, now: number): string {
  if (entry.eligibleAt <= now) return `first attempt in ${duration(notBefore - now)}`;
  const wait = duration(Math.max(entry.eligibleAt, notBefore) - now);
  const { lastFailure, lastDialAt = Number.NEGATIVE_INFINITY, shortLinks } = entry;
  if (lastFailure === undefined) return `dialled too recently, ${wait} left`;
  const backsOff = lastFailure.kind === "lost" ? shortLinks > 1 : lastFailure.at >= lastDialAt;
  return backsOff
    ? `backing off for ${wait} after ${FAILURES[lastFailure.kind]}`
    : `dialled too recently, ${wait} left`;
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.ceil(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
