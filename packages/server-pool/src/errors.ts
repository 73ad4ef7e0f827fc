// The one error of this package: code given to the pool by its user misbehaved, and the pool went on without it.

import { NatsError } from "@myelin/contracts";

/** Which of the caller's functions misbehaved. */
export type PolicyName = "strategy" | "backoff" | "gossip" | "selectServer";

/** A strategy, backoff or gossip policy threw or answered nonsense; the default took its place for that one call. */
export class PolicyError extends NatsError {
  readonly code: string = "POLICY_FAILED";

  /**
   * @param policy which function it was
   * @param problem what it did, and what the pool did instead
   */
  constructor(
    readonly policy: PolicyName,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${policy}: ${problem}`, options);
  }
}
