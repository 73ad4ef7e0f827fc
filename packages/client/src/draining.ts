// How a connection ends in order: no more messages from the server, those received are handled, everything published is sent,
// then closed. It always settles, by its bound at the latest, and always ends closed (D10).

import type { Clock } from "@myelin/contracts";
import { type Bounds, bounded } from "./bounded.js";
import { DrainError, errorOf } from "./errors.js";
import type { Subscription } from "./messaging/subscription.js";
import type { Link } from "./session/link.js";

/** What a drain did and left. */
export interface DrainReport {
  /** Messages handled while it drained. */
  readonly handled: number;
  /** Messages received and not handled. */
  readonly abandoned: number;
  /** Messages published and not sent. */
  readonly unsent: number;
}

/** What a drain needs of its connection. */
export interface DrainingHost {
  readonly clock: Clock;
  readonly link: Link | undefined;
  /** Publishes kept for a link that is not there. */
  keptMessages(): number;
  /** Those that are open, and those that have ended and whose handlers still run. */
  subscriptions(): Subscription[];
  /** Aborts when the link is lost. */
  readonly lost: AbortSignal;
  /** From now on no new subscriptions and requests, and no reconnect. */
  begin(): void;
  /** From now on no new publishes. */
  refusePublishes(): void;
  close(): Promise<void>;
}

/** Drains and closes; rejects with DrainError when something was left. */
export async function drainAndClose(host: DrainingHost, bounds: Bounds): Promise<DrainReport> {
  const { link } = host;
  const subscriptions = host.subscriptions();
  const processed = (): number => subscriptions.reduce((sum, one) => sum + one.getProcessed(), 0);
  const before = processed();
  const abandon = (): number => subscriptions.reduce((sum, one) => sum + one.abandon(), 0);
  if (link === undefined) {
    const unsent = host.keptMessages();
    const abandoned = abandon();
    await host.close();
    if (unsent + abandoned > 0) throw new DrainError("drain(): there was no connection", 0, abandoned, unsent);
    return { handled: 0, abandoned, unsent };
  }
  host.begin();
  try {
    const drained = bounded(drainLink(host, link, subscriptions), { signal: host.lost }, "it", host.clock);
    await bounded(drained, bounds, "it", host.clock);
    return { handled: processed() - before, abandoned: 0, unsent: 0 };
  } catch (cause) {
    const handled = processed() - before;
    throw new DrainError(`drain(): ${errorOf(cause).message}`, handled, abandon(), host.keptMessages(), { cause });
  } finally {
    await host.close();
  }
}

async function drainLink(host: DrainingHost, link: Link, subscriptions: readonly Subscription[]): Promise<void> {
  const ended = await Promise.allSettled(subscriptions.map((one) => (one.isClosed() ? one.handled() : one.drain())));
  const failed = ended.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  host.refusePublishes();
  await link.roundTrip();
}
