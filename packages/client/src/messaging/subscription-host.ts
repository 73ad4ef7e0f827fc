// The side of a connection that its subscriptions see.

import type { Publisher } from "./message.js";
import type { Subscription } from "./subscription.js";

/** What a subscription needs of its connection. */
export interface SubscriptionHost extends Publisher {
  /** Tells the server: end now, or after `max` messages in total. */
  tellUnsubscribe(subscription: Subscription, max?: number): void;
  /** Forgets the subscription. */
  forget(subscription: Subscription): void;
  /** It has ended, and not everything it received was handled; {@link left} tells when that is done. */
  linger(subscription: Subscription): void;
  left(subscription: Subscription): void;
  /** UNSUB and a round trip behind it, after which no more messages come. */
  barrier(): Promise<void>;
  /** Reports what no promise does. */
  report(error: Error): void;
  /** More waits for its consumer than it should. */
  slow(subscription: Subscription): void;
  /** Nothing is to be read from the server until {@link release}. */
  hold(subscription: Subscription): void;
  release(subscription: Subscription): void;
  after(ms: number, run: () => void): () => void;
}
