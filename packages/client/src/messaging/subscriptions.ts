// All subscriptions of a connection by sid: who gets a message, what a new link is told, whom a permission error is for.
// Sids are never used twice on one connection (PROTO-23) and stay the same on every link.

import type { Decoder } from "@myelin/protocol";
import type { PermissionViolationError } from "../errors.js";
import { SidTable } from "./sid-table.js";

/** What the table holds: a {@link Subscription}, or the inbox of all requests. */
export interface Receiver {
  getID(): number;
  getSubject(): string;
  getQueue(): string | undefined;
  /** True when a message that comes twice does no harm: the second one meets nobody who waits. */
  readonly settlesOnce?: boolean;
  /** True when its server was told to send no more: another one is not told of it at all. */
  isDraining(): boolean;
  /**
   * Told when a new link is told of it, `beside` one that carries it too, or in place of one; returns the messages still allowed to
   * come, `undefined` = no limit.
   */
  relinked(beside: boolean): number | undefined;
  deliver(cursor: Decoder): void;
  fail(error: Error): void;
}

/** The part of a link that subscriptions are replayed on. */
export interface SubscribingLink {
  subscribe(subject: string, queue: string | undefined, sid: number): void;
  unsubscribe(sid: number, max?: number): void;
}

export class Subscriptions<R extends Receiver> {
  readonly #bySid = new SidTable<R>();
  #nextSid = 1;
  // Messages come in runs for one subscription; a hit saves the map look-up.
  #last: R | undefined;
  #lastSid = -1;

  /** A sid never handed out before. */
  newSid(): number {
    return this.#nextSid++;
  }

  add(receiver: R): void {
    this.#bySid.set(receiver.getID(), receiver);
  }

  remove(receiver: Receiver): void {
    this.#bySid.delete(receiver.getID());
    this.#lastSid = -1;
    this.#last = undefined;
  }

  all(): R[] {
    return [...this.#bySid];
  }

  /** Hands the message under the cursor to its receiver; one for an unknown sid came too late and is ignored. */
  deliver(cursor: Decoder): void {
    const { sid } = cursor;
    if (sid !== this.#lastSid) {
      this.#last = this.#bySid.get(sid);
      this.#lastSid = sid;
    }
    this.#last?.deliver(cursor);
  }

  /** True for a subscription every message is for: not a member of a queue group, and not the inbox of requests. */
  isPlain(sid: number): boolean {
    const receiver = this.#bySid.get(sid);
    return receiver !== undefined && receiver.getQueue() === undefined && receiver.settlesOnce !== true;
  }

  /** Tells a new link of every subscription, with the messages each has left. */
  replay(link: SubscribingLink, beside = false): void {
    for (const receiver of this.all()) {
      if (receiver.isDraining()) continue;
      link.subscribe(receiver.getSubject(), receiver.getQueue(), receiver.getID());
      const remaining = receiver.relinked(beside);
      if (remaining !== undefined) link.unsubscribe(receiver.getID(), remaining);
    }
  }

  /** Ends one subscription that the server denied, matched by subject and queue group (EVENTS-ERR-2). */
  deny(error: PermissionViolationError): void {
    for (const receiver of this.all()) {
      if (receiver.getSubject() === error.subject && receiver.getQueue() === error.queue) {
        this.remove(receiver);
        receiver.fail(error);
        return;
      }
    }
  }
}
