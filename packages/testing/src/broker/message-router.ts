// Who receives a message on one node: plain subscriptions, one member of each queue group, other nodes with interest. Knows no
// bytes, no connections beyond what it must ask them, and no time. Source: nats-server's own behaviour, compared with real
// ones in test/broker-and-real.test.ts and test/clusters-alike.test.ts.

import type { Random } from "@myelin/contracts";
import { isValidSubscribeSubject } from "@myelin/protocol";
import { SubjectIndex } from "./subject-index.js";

/** A message between two connections. Its bytes are never changed. */
export interface RoutedMessage {
  /** Where it was published. */
  readonly subject: string;
  /** Where its publisher wants an answer. */
  readonly reply: string | undefined;
  /** Its headers as they came, `undefined` = none. */
  readonly headerBlock: Uint8Array | undefined;
  /** Its payload. */
  readonly payload: Uint8Array;
}

/** What the router asks of a connection. */
export interface Subscriber {
  /** Whether it takes a message on this subject from this publisher (`undefined` = from another node). */
  accepts(from: Subscriber | undefined, subject: string): boolean;
  /** A message for one of its subscriptions. */
  take(sid: string, message: RoutedMessage): void;
  /** A subscription has ended because it reached its limit. */
  ended(sid: string): void;
}

/** A subscription of one connection. */
export interface Subscription<S extends Subscriber> {
  /** Whose it is. */
  readonly connection: S;
  /** Its subject, wildcards and all. */
  readonly subject: string;
  /** Its queue group, `undefined` for a plain one. */
  readonly queue: string | undefined;
  /** As the client calls it. */
  readonly sid: string;
  /** Messages after which it ends; 0 = never. */
  readonly max: number;
  /** Messages it was handed. */
  readonly delivered: number;
}

/** Another node of the cluster. */
export interface Neighbour {
  /** @param queues groups one of whose members on that node shall have it */
  forward(message: RoutedMessage, queues: readonly string[]): void;
}

interface Entry<S extends Subscriber> extends Subscription<S> {
  max: number;
  delivered: number;
  /** Where it lies in its list. */
  slot: number;
}

interface Group<S extends Subscriber> {
  readonly members: Entry<S>[];
  /** Members on other nodes. */
  readonly remote: Map<Neighbour, number>;
}

interface Interest<S extends Subscriber> {
  readonly subject: string;
  readonly plain: Entry<S>[];
  // Both only where needed: most subjects are inboxes with one subscription.
  groups: Map<string, Group<S>> | undefined;
  remote: Set<Neighbour> | undefined;
}

/** Told how many members of a group this node has whenever that changes, and of plain subscriptions the first and the last. */
export type InterestListener = (subject: string, queue: string | undefined, count: number) => void;

export class MessageRouter<S extends Subscriber> {
  readonly #index = new SubjectIndex<Interest<S>>();
  readonly #random: Random;
  readonly #changed: InterestListener;
  #count = 0;

  constructor(random: Random, changed: InterestListener = () => {}) {
    this.#random = random;
    this.#changed = changed;
  }

  /** This node's own subscriptions. */
  get size(): number {
    return this.#count;
  }

  subscribe(connection: S, subject: string, queue: string | undefined, sid: string): Subscription<S> {
    const interest = this.#interestIn(subject);
    const list = queue === undefined ? interest.plain : groupOf(interest, queue).members;
    const entry: Entry<S> = { connection, subject, queue, sid, max: 0, delivered: 0, slot: list.length };
    list.push(entry);
    this.#count++;
    if (queue !== undefined || list.length === 1) this.#changed(subject, queue, list.length);
    return entry;
  }

  /** Sets the limit; true when it is reached already, and the subscription has then ended. */
  limit(subscription: Subscription<S>, max: number): boolean {
    (subscription as Entry<S>).max = max;
    if (subscription.delivered < max) return false;
    this.unsubscribe(subscription);
    return true;
  }

  unsubscribe(subscription: Subscription<S>): void {
    const { subject, queue, slot } = subscription as Entry<S>;
    const interest = this.#index.get(subject);
    const list = queue === undefined ? interest?.plain : interest?.groups?.get(queue)?.members;
    if (interest === undefined || list?.[slot] !== subscription) return;
    // The last one takes the free place: thousands may leave one subject at once.
    const last = list.pop();
    if (last !== undefined && last !== subscription) {
      last.slot = slot;
      list[slot] = last;
    }
    this.#count--;
    this.#tidy(subject, interest, queue);
    if (queue !== undefined || list.length === 0) this.#changed(subject, queue, list.length);
  }

  /** Delivers what a connection published; false when nobody was there to take it. */
  publish(from: S, message: RoutedMessage): boolean {
    const found = this.#matching(message.subject);
    const takers: Entry<S>[] = [];
    const remote = new Map<Neighbour, string[]>();
    for (const { plain, remote: nodes } of found) {
      for (const entry of plain) if (entry.connection.accepts(from, message.subject)) takers.push(entry);
      for (const node of nodes ?? []) remote.set(node, []);
    }
    for (const [queue, groups] of groupsOf(found)) {
      const chosen = this.#choose(groups, from, message.subject);
      if (chosen === undefined) continue;
      if ("forward" in chosen) remote.set(chosen, [...(remote.get(chosen) ?? []), queue]);
      else takers.push(chosen);
    }
    for (const taker of takers) this.#deliver(taker, message);
    for (const [node, queues] of remote) node.forward(message, queues);
    return takers.length + remote.size > 0;
  }

  /** Delivers what another node forwarded: to this node's own subscriptions only, so that nothing goes round twice. */
  receive(message: RoutedMessage, queues: readonly string[]): void {
    const found = this.#matching(message.subject);
    const takers = found.flatMap(({ plain }) =>
      plain.filter(({ connection }) => connection.accepts(undefined, message.subject)),
    );
    for (const [queue, groups] of queues.length === 0 ? [] : groupsOf(found)) {
      if (!queues.includes(queue)) continue;
      const chosen = this.#chooseLocal(groups, undefined, message.subject);
      if (chosen !== undefined) takers.push(chosen);
    }
    for (const taker of takers) this.#deliver(taker, message);
  }

  /** The connection's own plain subscription that hears this subject. */
  ownSubscription(connection: S, subject: string): Subscription<S> | undefined {
    for (const { plain } of this.#matching(subject)) {
      const own = plain.find((entry) => entry.connection === connection);
      if (own !== undefined) return own;
    }
    return undefined;
  }

  /** What a neighbour has: 0 = nothing any more. */
  setRemote(node: Neighbour, subject: string, queue: string | undefined, count: number): void {
    const interest = this.#interestIn(subject);
    if (queue === undefined) {
      interest.remote ??= new Set();
      if (count > 0) interest.remote.add(node);
      else interest.remote.delete(node);
    } else {
      const { remote } = groupOf(interest, queue);
      if (count > 0) remote.set(node, count);
      else remote.delete(node);
    }
    this.#tidy(subject, interest, queue);
  }

  /** Forgets everything of a neighbour that has gone. */
  dropRemote(node: Neighbour): void {
    for (const interest of this.#index) {
      interest.remote?.delete(node);
      for (const [queue, { remote }] of interest.groups ?? []) {
        if (remote.delete(node)) this.#tidy(interest.subject, interest, queue);
      }
      this.#tidy(interest.subject, interest, undefined);
    }
  }

  /** Tells a new neighbour's listener all there is on this node. */
  tellAll(tell: InterestListener): void {
    for (const { subject, plain, groups } of this.#index) {
      if (plain.length > 0) tell(subject, undefined, plain.length);
      for (const [queue, { members }] of groups ?? []) if (members.length > 0) tell(subject, queue, members.length);
    }
  }

  /** Every subscription of this node. */
  *[Symbol.iterator](): IterableIterator<Subscription<S>> {
    for (const { plain, groups } of this.#index) {
      yield* plain;
      for (const { members } of groups?.values() ?? []) yield* members;
    }
  }

  #interestIn(subject: string): Interest<S> {
    const known = this.#index.get(subject);
    if (known !== undefined) return known;
    const interest: Interest<S> = { subject, plain: [], groups: undefined, remote: undefined };
    this.#index.set(subject, interest);
    return interest;
  }

  #matching(subject: string): Interest<S>[] {
    // A server lets wildcards pass in a published subject; what has an empty token matches nothing.
    return isValidSubscribeSubject(subject) ? this.#index.matching(subject) : [];
  }

  #tidy(subject: string, interest: Interest<S>, queue: string | undefined): void {
    if (queue !== undefined) {
      const group = interest.groups?.get(queue);
      if (group !== undefined && group.members.length + group.remote.size === 0) interest.groups?.delete(queue);
      if (interest.groups?.size === 0) interest.groups = undefined;
    }
    if (interest.remote?.size === 0) interest.remote = undefined;
    const { plain, groups, remote } = interest;
    if (plain.length === 0 && groups === undefined && remote === undefined) this.#index.delete(subject);
  }

  /**
   * One member of the group, wherever in the cluster it is, all alike, as nats-server 2.9 to 2.15 choose. A place at random;
   * when that member cannot have the message (its own, without echo), the next one that can.
   */
  #choose(groups: readonly Group<S>[], from: S, subject: string): Entry<S> | Neighbour | undefined {
    const local = groups.reduce((sum, { members }) => sum + members.length, 0);
    const nodes = groups.flatMap(({ remote }) => [...remote]);
    if (nodes.length === 0) return this.#chooseLocal(groups, from, subject);
    const all = nodes.reduce((sum, [, count]) => sum + count, local);
    let place = Math.floor(this.#random() * all);
    if (place < local) {
      const members = groups.flatMap((group) => group.members);
      for (; place < local; place++) {
        const member = members[place];
        if (member?.connection.accepts(from, subject)) return member;
      }
    }
    for (const [node, count] of nodes) {
      if (place < local + count) return node;
      place -= count;
    }
    return undefined;
  }

  #chooseLocal(groups: readonly Group<S>[], from: S | undefined, subject: string): Entry<S> | undefined {
    const [only] = groups;
    const members = groups.length === 1 && only !== undefined ? only.members : groups.flatMap((group) => group.members);
    const start = members.length > 1 ? Math.floor(this.#random() * members.length) : 0;
    for (let i = 0; i < members.length; i++) {
      const member = members[(start + i) % members.length];
      if (member?.connection.accepts(from, subject)) return member;
    }
    return undefined;
  }

  #deliver(entry: Entry<S>, message: RoutedMessage): void {
    entry.delivered++;
    // Before delivering: what the subscriber does next must find it gone.
    if (entry.max > 0 && entry.delivered >= entry.max) {
      this.unsubscribe(entry);
      entry.connection.ended(entry.sid);
    }
    entry.connection.take(entry.sid, message);
  }
}

/** Groups of one name are one group, whatever subjects its members subscribed to. */
function groupsOf<S extends Subscriber>(found: readonly Interest<S>[]): Map<string, Group<S>[]> {
  const groups = new Map<string, Group<S>[]>();
  for (const interest of found) {
    for (const [queue, group] of interest.groups ?? []) {
      const known = groups.get(queue);
      if (known === undefined) groups.set(queue, [group]);
      else known.push(group);
    }
  }
  return groups;
}

function groupOf<S extends Subscriber>(interest: Interest<S>, queue: string): Group<S> {
  interest.groups ??= new Map();
  let group = interest.groups.get(queue);
  if (group === undefined) {
    group = { members: [], remote: new Map() };
    interest.groups.set(queue, group);
  }
  return group;
}
