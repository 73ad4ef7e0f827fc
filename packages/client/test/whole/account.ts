// One client's books: every publish it accepted, every message a socket brought it, every message a callback was handed. They balance
// when each publish was handed to a socket once or reported as dropped, and each message was handed on once.

import { isNatsError } from "@myelin/contracts";
import type { NatsConnection, Subscription } from "../../src/index.js";
import type { Listener, Wire, Wiretap } from "./wiretap.js";

/** Whom messages of a subscription go to. */
export type Kind = "plain" | "queue";

/** A subscription and what it was handed. */
export interface Subscribed {
  readonly sub: Subscription;
  readonly kind: Kind;
  /** It was known to the whole cluster before the present spell of fair weather, and is wanted still. */
  steady: boolean;
  readonly handed: Map<string, number>;
  /** In the order of arrival. */
  readonly order: string[];
}

export class Account implements Listener {
  readonly problems: string[] = [];
  readonly subscribed: Map<number, Subscribed> = new Map();
  /** Reported with `dropped` events. */
  dropped: number = 0;
  readonly name: string;
  readonly isRough: () => boolean;
  readonly #accepted = new Map<string, number>();
  readonly #sent = new Set<string>();
  #count: number = 0;
  #latestSent = -1;
  #nc: NatsConnection | undefined;
  #tap: Wiretap | undefined;
  // The links that brought a message in rough weather. A server that hears of it late, because the route to it was held up, tells
  // it again to whoever has connected there meanwhile: by two links it may come twice.
  readonly #brought = new Map<string, Set<Wire>>();
  // Brought by the link the client was on, to a subscription that was open.
  readonly #due: { readonly to: Subscribed; readonly id: string }[] = [];

  /** @param isRough whether something is out of order at present */
  constructor(name: string, isRough: () => boolean) {
    this.name = name;
    this.isRough = isRough;
  }

  open(nc: NatsConnection, tap: Wiretap): void {
    this.#nc = nc;
    this.#tap = tap;
    nc.on("dropped", ({ messages }) => {
      this.dropped += messages;
    });
  }

  /** Publishes; what is accepted is in the books from now on. */
  publish(subject: string, id: string, fill = ""): boolean {
    return this.accept(id, () => void this.#nc?.publish(subject, id + fill));
  }

  /** `publish` publishes `id`. False when it threw, as it may. */
  accept(id: string, publish: () => void): boolean {
    // In the books before: it may be handed to the socket within the call.
    this.#accepted.set(id, this.#count++);
    try {
      publish();
      return true;
    } catch (error) {
      this.#accepted.delete(id);
      if (!isNatsError(error)) this.problems.push(`${this.name}: publish threw ${String(error)}`);
      return false;
    }
  }

  keep(sub: Subscription, kind: Kind): Subscribed {
    const one: Subscribed = { sub, kind, steady: false, handed: new Map(), order: [] };
    this.subscribed.set(sub.getID(), one);
    return one;
  }

  /** A callback was handed this message. */
  handed(sid: number, id: string): void {
    const one = this.subscribed.get(sid);
    if (one === undefined) return;
    const times = (one.handed.get(id) ?? 0) + 1;
    one.handed.set(id, times);
    one.order.push(id);
    if (times > (this.#brought.get(`${sid} ${id}`)?.size ?? 1))
      this.problems.push(`${this.name}: ${id} was handed to subscription ${sid} ${times} times`);
  }

  sent(_wire: Wire, _subject: string, payload: string): void {
    const id = idOf(payload);
    const place = this.#accepted.get(id);
    if (place === undefined) return;
    if (this.#sent.has(id)) this.problems.push(`${this.name}: ${id} was sent twice`);
    if (place < this.#latestSent) this.problems.push(`${this.name}: ${id} was sent after one that came later`);
    this.#latestSent = place;
    this.#sent.add(id);
  }

  arrived(wire: Wire, sid: number, _subject: string, payload: string): void {
    const to = this.subscribed.get(sid);
    if (to === undefined || this.#nc === undefined || to.sub.isClosed()) return;
    const key = `${sid} ${idOf(payload)}`;
    if (this.isRough()) this.#brought.set(key, (this.#brought.get(key) ?? new Set()).add(wire));
    // While it moves to a new link at the same address nobody but the client knows which one leads.
    const wires = this.#tap?.open.filter(({ address }) => address === wire.address).length ?? 0;
    const leads = this.#nc.state === "connected" && this.#nc.getServer() === wire.address && wires === 1;
    if (leads) this.#due.push({ to, id: idOf(payload) });
  }

  /** Everything that came is handled: what is due and was not handed on? */
  checkArrivals(): void {
    for (const { id, to } of this.#due.splice(0)) {
      if (!to.handed.has(id)) {
        this.problems.push(`${this.name}: ${id} reached the client and not subscription ${to.sub.getID()}`);
      }
    }
  }

  /** Nothing more will be sent: every accepted publish was sent or reported as dropped. */
  checkPublishes(): void {
    const missing = [...this.#accepted.keys()].filter((id) => !this.#sent.has(id));
    if (missing.length === this.dropped) return;
    this.problems.push(
      `${this.name}: ${missing.length} accepted publishes were never sent, ${this.dropped} were reported: ${missing.slice(0, 9).join(", ")}`,
    );
  }
}

/** What a message is called in the books; the rest of its payload is filling. */
export function idOf(payload: string): string {
  return payload.split(" ")[0] ?? "";
}
