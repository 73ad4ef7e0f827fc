// Everything that receives on a connection: makes subscriptions and ends them, tells every link of them, and keeps those whose handlers
// still run. What one does with its messages is subscription.ts, who gets a message subscriptions.ts.

import { checkQueue, checkSubscribeSubject } from "@myelin/protocol";
import { abortSignal, callable, onlyKnown } from "../argument-checks.js";
import { pendingBounds } from "../resolved-options.js";
import type { Link } from "../session/link.js";
import type { Publisher } from "./message.js";
import type { QueueBounds } from "./message-queue.js";
import type { Requests } from "./requests.js";
import { Subscription } from "./subscription.js";
import type { SubscriptionHost } from "./subscription-host.js";
import { SUBSCRIPTION_OPTIONS, type SubscriptionOptions } from "./subscription-options.js";
import { Subscriptions } from "./subscriptions.js";

/** What receiving needs of its connection. */
export interface ReceivingHost extends Publisher {
  /** The connection's bounds on what waits for a consumer. */
  readonly pending: QueueBounds;
  /** Those that must know of every subscription. */
  links(): readonly Link[];
  /** Resolves when nothing more comes from links that were left. */
  left(): Promise<unknown>;
  report(error: Error): void;
  slow(subscription: Subscription): void;
  after(ms: number, run: () => void): () => void;
}

export class Receiving {
  readonly table: Subscriptions<Subscription | Requests> = new Subscriptions<Subscription | Requests>();
  readonly #host: ReceivingHost;
  readonly #subscriptionHost: SubscriptionHost;
  // Ended, with handlers that still run.
  readonly #lingering = new Set<Subscription>();

  constructor(host: ReceivingHost) {
    this.#host = host;
    const everyLink = (tell: (link: Link) => void): void => {
      for (const link of host.links()) tell(link);
    };
    this.#subscriptionHost = {
      publish: (subject, payload, options) => host.publish(subject, payload, options),
      tellUnsubscribe: (subscription, max) => everyLink((link) => link.unsubscribe(subscription.getID(), max)),
      forget: (subscription) => this.table.remove(subscription),
      linger: (subscription) => this.#lingering.add(subscription),
      left: (subscription) => this.#lingering.delete(subscription),
      barrier: async () => {
        await Promise.all(host.links().map((link) => link.roundTrip()));
        await host.left();
      },
      report: (error) => host.report(error),
      slow: (subscription) => host.slow(subscription),
      hold: (subscription) => everyLink((link) => link.hold(subscription)),
      release: (subscription) => everyLink((link) => link.release(subscription)),
      after: (ms, run) => host.after(ms, run),
    };
  }

  /** @throws InvalidSubjectError, InvalidArgumentError, or the signal's reason; nothing has changed then */
  subscribe(subject: string, options: SubscriptionOptions): Subscription {
    checkSubscribeSubject(subject);
    onlyKnown(options, SUBSCRIPTION_OPTIONS, "subscribe()");
    // Read once: what throws when read does so before anything has changed.
    const own = { ...options };
    if (own.queue !== undefined) checkQueue(own.queue);
    if (own.callback !== undefined) callable("callback", own.callback);
    abortSignal("signal", own.signal)?.throwIfAborted();
    const bounds = pendingBounds(own.pending, this.#host.pending);
    const subscription = new Subscription(this.table.newSid(), subject, own, bounds, this.#subscriptionHost);
    this.table.add(subscription);
    for (const link of this.#host.links()) {
      link.subscribe(subject, own.queue, subscription.getID());
      if (own.max !== undefined) link.unsubscribe(subscription.getID(), own.max);
    }
    return subscription;
  }

  /** Registers the shared inbox, and tells every link of it. */
  adopt(requests: Requests): void {
    this.table.add(requests);
    for (const link of this.#host.links()) link.subscribe(requests.getSubject(), undefined, requests.getID());
  }

  /** Those that are open, and those that have ended and whose handlers still run. */
  all(): Subscription[] {
    return [...this.table.all().filter((one) => one instanceof Subscription), ...this.#lingering];
  }

  /** The connection has ended: so has every subscription, and every wait for one. */
  end(reason: Error | undefined, closed: (what: string) => Error): void {
    for (const one of this.all()) one.finish(reason, () => closed(`drain of "${one.getSubject()}"`));
  }
}
