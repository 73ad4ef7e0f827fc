// How long a client whose dials fail leaves all its servers alone. A wait for each server is not enough for a fleet: with nine
// servers every client would dial nine times as often as with one, most of it within the first seconds of an outage.
// Pure functions of count, failure and chance. Source: the arithmetic below; apps/simulation shows the figures.
//
// What no client can know is how many others look for a server at the same moment. Where all of them do, and none may add more
// than 2 % of the fleet to any 100 ms, each may dial once in 5 s on average. Against that stands the one client whose second
// server is up. So, with the default base of 500 ms:
//
// - The first failure of an outage is answered soon: most likely two servers are down and a third is up. The window grows with the
//   third power of the number of other servers, because large clusters have large fleets: 47 ms of three servers, 3 s of nine
//   and more. It is never narrower than `firstAttemptJitter`, or the second wave would break over the first.
// - From the second failure in a row on, it is 600 ms for each server (6 s at most), doubling up to 15 s, but not beyond twice what the
//   outage has lasted: chance may make several dials quick ones, and a cluster that was away for a second is not left for ten.
// - Once a server answered and sent us away (too many connections, bad credentials) it is the fleet it suffers from: the
//   window begins at 1.2 s for each server.
//
// With a third of nine servers lost, a third of the clients is looking. Where nobody lets them in, the dials of the second and third
// attempts overlap at worst in 33 % · (1/3 s + 1/5.4 s) = 1.7 % in 100 ms. Sent away, all nine servers' clients together
// make (1/10.8 s + 1/15 s + …) = 1.8 %.

import type { Random } from "@myelin/contracts";
import type { ServerFailure } from "./server.js";

/** What the wait of a whole pool depends on. */
export interface PaceContext {
  /** Failed dials, and connections that broke within seconds, since the last connection that lasted; 1 or more. */
  readonly failuresInOutage: number;
  /** Milliseconds since the outage began. */
  readonly outageMs: number;
  /** The latest of those failures. */
  readonly failure: ServerFailure;
  /** Servers in rotation. */
  readonly servers: number;
  /** The pool's `firstAttemptJitter`: one that is wide tells of a large fleet. */
  readonly firstAttemptJitter: number;
  /** The only chance there is. */
  readonly random: Random;
}

// In units of the backoff's base.
const SOON = 6;
const SOON_SERVERS = 9;
const SPREAD = 1.2;
const SPREAD_SERVERS = 10;

/** Uniform from 0 to the window described above. 0 for a single server, whose own wait is enough. */
export function spreadPace(base: number, cap: number, context: PaceContext): number {
  const { failure, failuresInOutage, firstAttemptJitter, outageMs, random, servers } = context;
  if (servers < 2) return 0;
  const sentAway = failure.kind === "auth" || failure.kind === "refused-by-server";
  const doublings = failuresInOutage - (sentAway ? 1 : 2);
  if (doublings < 0) {
    const soon = base * SOON * Math.min(1, (servers - 1) / (SOON_SERVERS - 1)) ** 3;
    return random() * Math.min(cap / 2, Math.max(firstAttemptJitter, soon));
  }
  const first = base * SPREAD * Math.min(servers, SPREAD_SERVERS) * (sentAway ? 2 : 1);
  return random() * Math.min(cap / 2, first * 2 ** doublings, Math.max(first, 2 * outageMs));
}
