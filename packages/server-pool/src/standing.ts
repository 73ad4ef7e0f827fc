// Who is demoted for the next dial, and the words for it. Rules that hold under every strategy; the order among equals is
// the strategy's. Source: decision D15; conformance SEED-30, SEED-34; the lame duck notice of ADR-5.

import type { ServerFailure } from "./server.js";
import type { ServerEntry } from "./server-entry.js";

/** Standings from this one on are no place to move to while another server still serves us. */
export const LEAVING = 3;

/**
 * How far behind a server stands; 0 = not demoted. Only servers of the best standing compete for a dial.
 *
 * 1. Its connection was just lost, and it has not been dialled since: most likely it is the server that is down. So is another
 *    address of the same server.
 * 2. Advertised, never connected, and one like it has failed in this outage. Addresses a client cannot reach (inner
 *    addresses of a container network) come in bunches, and each costs a whole dial timeout. So one is tried, then every
 *    seed and every server that ever worked. The failure of a seed says nothing about advertised addresses.
 * 3. Lame duck: it is leaving, but a server that is alone may be back at the same address soon.
 * 4. Advertised, dialled, and never connected: below every seed until it works.
 */
export function standing(entry: ServerEntry, gossipFailed: boolean): number {
  const unproven = isUnproven(entry);
  if (unproven && entry.consecutiveFailures > 0) return 4;
  if (entry.lameDuck) return LEAVING;
  if (unproven && gossipFailed) return 2;
  return entry.justLost ? 1 : 0;
}

/** Advertised, and never connected to. */
export function isUnproven(entry: ServerEntry): boolean {
  return entry.origin === "gossip" && !entry.everConnected;
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

const BACKING_OFF: Readonly<Record<ServerFailure["kind"], string>> = {
  network: "backing off for {} after a network failure",
  timeout: "backing off for {} after a timeout",
  tls: "backing off for {} after a TLS failure",
  auth: "backing off for {} after an authentication error",
  protocol: "backing off for {} after a protocol error",
  "refused-by-server": "backing off for {} after being refused by the server",
  lost: "backing off for {} after short connections in a row",
};

/** Tells an entry why it is not dialled yet. `paced`: what the whole pool waits for is a failure, not the first attempt. */
export function judgeWait(entry: ServerEntry, notBefore: number, paced: boolean, now: number): void {
  if (entry.eligibleAt <= now || (paced && entry.eligibleAt < notBefore)) {
    entry.judge(paced ? "every server waits {} after the failure before" : "first attempt in {}", notBefore - now);
    return;
  }
  const wait = Math.max(entry.eligibleAt, notBefore) - now;
  const { lastFailure, lastDialAt = Number.NEGATIVE_INFINITY, shortLinks } = entry;
  const backsOff =
    lastFailure !== undefined && (lastFailure.kind === "lost" ? shortLinks > 1 : lastFailure.at >= lastDialAt);
  entry.judge(backsOff ? BACKING_OFF[lastFailure.kind] : "dialled too recently, {} left", wait);
}
