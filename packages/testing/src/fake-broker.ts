// Who receives what is published to a fake server: subscriptions, queue groups, limits, no responders. One node, one
// account, in the order a real server uses. No sockets. Source: NATS client protocol; nats-server's own behaviour, which
// test/fake-and-real.test.ts compares.

import { isValidPublishSubject, subjectMatches } from "@myelin/protocol";
import type { FakeConnection } from "./fake-connection.js";
import type { ReceivedPub, ReceivedSub, ReceivedUnsub } from "./received-op.js";

/** A subscription of one connection. */
export interface FakeSubscription {
  readonly connection: FakeConnection;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly sid: string;
  /** Messages after which it ends; 0 = never. */
  readonly max: number;
  readonly delivered: number;
}

type Mutable = { -readonly [key in keyof FakeSubscription]: FakeSubscription[key] };

export class FakeBroker {
  readonly #subscriptions = new Map<FakeConnection, Map<string, Mutable>>();
  // Turn of each queue group, by subject and name.
  readonly #turns = new Map<string, number>();

  /** Every open subscription. */
  get subscriptions(): readonly FakeSubscription[] {
    return [...this.#subscriptions.values()].flatMap((own) => [...own.values()]);
  }

  /** A sid in use stays what it is, as with a real server. */
  subscribe(connection: FakeConnection, { subject, queue, sid }: ReceivedSub): void {
    const own = this.#subscriptions.get(connection) ?? new Map<string, Mutable>();
    this.#subscriptions.set(connection, own);
    if (!own.has(sid)) own.set(sid, { connection, subject, queue, sid, max: 0, delivered: 0 });
  }

  unsubscribe(connection: FakeConnection, { sid, max }: ReceivedUnsub): void {
    const own = this.#subscriptions.get(connection);
    const subscription = own?.get(sid);
    if (subscription === undefined) return;
    subscription.max = max;
    if (subscription.delivered >= max) own?.delete(sid);
  }

  /** Forgets everything of a connection that has gone. */
  remove(connection: FakeConnection): void {
    this.#subscriptions.delete(connection);
  }

  /** Delivers, or tells a requester that there is nobody. */
  publish(from: FakeConnection, pub: ReceivedPub): void {
    if (!isValidPublishSubject(pub.subject)) return;
    const matching = this.#matching(pub.subject).filter(({ connection }) => connection !== from || from.wants.echo);
    for (const subscription of matching) this.#deliver(subscription, pub);
    if (matching.length === 0 && pub.reply !== undefined && from.wants.no_responders) this.#noResponders(from, pub);
  }

  #matching(subject: string): Mutable[] {
    const plain: Mutable[] = [];
    const groups = new Map<string, Mutable[]>();
    for (const subscription of [...this.#subscriptions.values()].flatMap((own) => [...own.values()])) {
      if (!subjectMatches(subscription.subject, subject)) continue;
      if (subscription.queue === undefined) plain.push(subscription);
      else {
        // One member for each pair of subscribed subject and group name, as a real server counts them.
        const group = `${subscription.subject} ${subscription.queue}`;
        groups.set(group, [...(groups.get(group) ?? []), subscription]);
      }
    }
    const chosen = [...groups].flatMap(([group, members]) => {
      const turn = this.#turns.get(group) ?? 0;
      this.#turns.set(group, turn + 1);
      return members[turn % members.length] ?? [];
    });
    return [...plain, ...chosen];
  }

  #deliver(subscription: Mutable, { subject, reply, payload, headerBlock }: ReceivedPub): void {
    const { connection, sid } = subscription;
    subscription.delivered++;
    // Before delivering: what the subscriber does next must find it gone.
    if (subscription.delivered === subscription.max) this.#subscriptions.get(connection)?.delete(sid);
    connection.deliver({ subject, sid, reply, payload, headerBlock });
  }

  #noResponders(from: FakeConnection, { subject, reply = "" }: ReceivedPub): void {
    // Servers from 2.12 on say which subject it was.
    const detail = from.isOrNewer("2.12.0") ? `Nats-Subject: ${subject}\r\n` : "";
    const headerBlock = new TextEncoder().encode(`NATS/1.0 503\r\n${detail}\r\n`);
    const own = this.#subscriptions.get(from)?.values() ?? [];
    const waiting = [...own].find((subscription) => subjectMatches(subscription.subject, reply));
    if (waiting === undefined) return;
    this.#deliver(waiting, {
      op: "PUB",
      subject: reply,
      reply: undefined,
      headerBlock,
      headers: undefined,
      payload: new Uint8Array(0),
      text: "",
    });
  }
}
