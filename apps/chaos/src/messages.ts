// The account of numbered messages of one publisher: each must arrive, once, in order, unless something that was told allows
// that it did not. Pure. Requests are in calls.ts, what is allowed in presence.ts.

import type { Presence } from "./presence.js";
import type { Trouble } from "./trouble.js";

/** To whom a message goes: to every receiver, or to one of them (a queue group). */
export type Reach = "every" | "one";

export interface MessageTotals {
  readonly sent: number;
  readonly arrived: number;
  /** Sent while there was no link: kept by the client, and due like any other. */
  readonly kept: number;
  /** Did not arrive, and at-most-once delivery allows it. */
  readonly excused: number;
  readonly lost: number;
  readonly repeated: number;
  readonly reordered: number;
}

interface Entry {
  /** When it went on a link; `undefined` while there is none. */
  at: number | undefined;
  readonly epoch: number;
  /** Receivers that have it. */
  readonly seen: Set<number>;
}

interface Inversion {
  readonly number: number;
  readonly receiver: number;
  readonly behind: number;
  readonly at: number;
}

export class MessageAccount {
  readonly name: string;
  readonly #reach: Reach;
  readonly #sender: Presence;
  readonly #receivers: readonly Presence[];
  readonly #trouble: Trouble;
  readonly #entries = new Map<number, Entry>();
  // For each receiver and each link of the sender the highest number that came.
  readonly #highest = new Map<string, number>();
  #inversions: Inversion[] = [];
  #next = 0;
  #judged = 0;
  readonly #totals = { arrived: 0, kept: 0, excused: 0, lost: 0, repeated: 0, reordered: 0 };
  readonly #complain: (what: string) => void;

  constructor(
    name: string,
    parts: { reach: Reach; sender: Presence; receivers: readonly Presence[]; trouble: Trouble },
    complain: (what: string) => void,
  ) {
    this.name = name;
    this.#reach = parts.reach;
    this.#sender = parts.sender;
    this.#receivers = parts.receivers;
    this.#trouble = parts.trouble;
    this.#complain = complain;
  }

  /** The number of a message that is being sent. */
  sent(at: number): number {
    const linked = this.#sender.node !== undefined;
    if (!linked) this.#totals.kept++;
    this.#entries.set(this.#next, { at: linked ? at : undefined, epoch: this.#sender.epoch, seen: new Set() });
    return this.#next++;
  }

  /** The sender has a link: what was kept goes out now. */
  linkUp(at: number): void {
    for (let number = this.#next - 1; number >= this.#judged; number--) {
      const entry = this.#entries.get(number);
      if (entry === undefined || entry.at !== undefined) return;
      entry.at = at;
    }
  }

  arrived(receiver: number, number: number, at: number): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) {
      this.#repeated(`${this.#receivers[receiver]?.name} got ${number}, long after it was sent or never sent`);
      return;
    }
    const again = this.#reach === "every" ? entry.seen.has(receiver) : entry.seen.size > 0;
    if (again) this.#repeated(`${number} came to ${this.#receivers[receiver]?.name} again`);
    if (entry.seen.size === 0) this.#totals.arrived++;
    entry.seen.add(receiver);
    const key = `${receiver} ${entry.epoch}`;
    const highest = this.#highest.get(key) ?? -1;
    if (number < highest) this.#inversions.push({ number, receiver, behind: highest, at });
    else this.#highest.set(key, number);
  }

  /** Gives a verdict on everything sent before this moment. */
  judge(before: number): void {
    this.#inversions = this.#inversions.filter((inversion) => this.#undecided(inversion, before));
    for (; this.#judged < this.#next; this.#judged++) {
      const entry = this.#entries.get(this.#judged);
      if (entry?.at === undefined || entry.at >= before) break;
      this.#judgeOne(this.#judged, entry, entry.at);
      this.#entries.delete(this.#judged);
    }
    for (const key of this.#highest.keys()) {
      if (Number(key.split(" ")[1]) < this.#sender.epoch - 4) this.#highest.delete(key);
    }
  }

  get totals(): MessageTotals {
    return { sent: this.#next, ...this.#totals };
  }

  #judgeOne(number: number, entry: Entry, at: number): void {
    const missing = this.#receivers.filter((_, receiver) => !entry.seen.has(receiver));
    if (this.#reach === "one" ? entry.seen.size > 0 : missing.length === 0) return;
    if (missing.some((receiver) => this.#allowed(at, receiver)) && this.#reach === "one") this.#totals.excused++;
    else if (this.#reach === "every" && missing.every((receiver) => this.#allowed(at, receiver)))
      this.#totals.excused++;
    else {
      this.#totals.lost++;
      const who = missing.map(({ name, node }) => `${name} on node ${node}`).join(", ");
      this.#complain(`${this.name}: message ${number} of ${Math.round(at)} ms never came to ${who}`);
    }
  }

  /** True when a message of that moment may have missed this receiver. */
  #allowed(at: number, receiver: Presence): boolean {
    return (
      this.#sender.sendingMayFail(at) ||
      receiver.receivingMayFail(at) ||
      this.#trouble.holdsUp(this.#sender, at) ||
      this.#trouble.holdsUp(receiver, at) ||
      (this.#reach === "one" && this.#trouble.leavesGhost(receiver, at))
    );
  }

  #undecided({ number, receiver, behind, at }: Inversion, before: number): boolean {
    const entry = this.#entries.get(number);
    const sentAt = entry?.at;
    if (sentAt === undefined) return false;
    if (at >= before) return true;
    // A paused node passes on what was in flight when it wakes, behind what took another way.
    if (this.#sender.sendingMayFail(sentAt)) return false;
    if (this.#reach === "one" && this.#mayOvertakeInGroup(receiver, sentAt)) return false;
    this.#totals.reordered++;
    this.#complain(`${this.name}: message ${number} came to ${this.#receivers[receiver]?.name} behind ${behind}`);
    return false;
  }

  // A member of a queue group has two links while it moves, and each message comes over one of them. And a server hands a message to
  // a member on a node that is held up, and that node, when it wakes without this member, to another one.
  #mayOvertakeInGroup(receiver: number, at: number): boolean {
    if (this.#receivers[receiver]?.wasMoving(at) === true) return true;
    return this.#receivers.some((one) => this.#trouble.holdsUp(one, at) || this.#trouble.leavesGhost(one, at));
  }

  #repeated(what: string): void {
    this.#totals.repeated++;
    this.#complain(`${this.name}: ${what}`);
  }
}
