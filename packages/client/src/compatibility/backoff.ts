// The waiting times nats.js offers to its programs. The connection's own backoff is that of @myelin/server-pool.

import type { Random } from "@myelin/contracts";
import { systemRandom } from "../system-clock.js";

/** Waits by attempt. */
export interface AttemptBackoff {
  /** Milliseconds to wait before attempt number `attempt`, counted from 0. */
  backoff(attempt: number): number;
}

const DEFAULT_POLICY: readonly number[] = [0, 250, 250, 500, 500, 3_000, 5_000];

/** One wait for each attempt, the last one for all that follow; each is taken give or take half of it, at random. */
export function backoff(policy: readonly number[] = DEFAULT_POLICY, random: Random = systemRandom()): AttemptBackoff {
  const waits = policy.length === 0 ? [0] : [...policy];
  return {
    backoff(attempt: number): number {
      const wait = waits[Math.min(attempt, waits.length - 1)] ?? 0;
      return wait === 0 ? 0 : Math.floor(wait / 2 + random() * wait);
    },
  };
}
