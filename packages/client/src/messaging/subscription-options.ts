// What a caller may ask of one subscription, and the check of what may also come later.

import { integer, type OptionNames } from "../argument-checks.js";
import type { PendingLimits } from "../connection-options.js";
import type { Msg } from "./message.js";

/**
 * Called for every message, in order, one at a time; what it returns is ignored, and a promise not awaited (D14). `error` is
 * set, and `msg` then meaningless, when the subscription failed: a permission denied, no first message within `timeout`. A
 * throw or rejection is reported as an `error` status and harms nothing else (D13).
 */
export type MsgCallback = (error: Error | null, msg: Msg) => unknown;

/** Options of one subscription. */
export interface SubscriptionOptions {
  /** Queue group: each message goes to one of its members. */
  readonly queue?: string | undefined;
  /** Ends by itself after this many messages in total. */
  readonly max?: number | undefined;
  /** Milliseconds within which the first message must come. */
  readonly timeout?: number | undefined;
  /** Without one, iterate the subscription. */
  readonly callback?: MsgCallback | undefined;
  /** Bounds on what waits for the consumer, each over the connection's own. A callback is never behind. */
  readonly pending?: PendingLimits | undefined;
  /** Tell with a `slowConsumer` event when more than so many messages wait; drops nothing. For iterators. Default: never. */
  readonly slow?: number | undefined;
  /** Ends the subscription, like `unsubscribe()`. */
  readonly signal?: AbortSignal | undefined;
}

/** The names of {@link SubscriptionOptions}. */
export const SUBSCRIPTION_OPTIONS: OptionNames<SubscriptionOptions> = {
  queue: true,
  max: true,
  timeout: true,
  callback: true,
  pending: true,
  slow: true,
  signal: true,
};

/** Throws InvalidArgumentError for a limit on messages that is none; `undefined` is no limit. */
export function checkMax(max: number | undefined): void {
  if (max !== undefined) integer("max", max, max, 1);
}
