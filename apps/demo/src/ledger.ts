// The account of the publish load: every message is numbered, every arrival is checked off, and what is missing is put down
// to what at-most-once delivery allows or to a fault. Pure: no clock, no connection. Requests are in request-book.ts.
// Source: NATS core is at-most-once, in order per connection of the publisher and subscriber.

/**
 * Milliseconds before the last proof of life in which a message still counts as in flight when the link is lost: the server
 * had read it, and may have died before it had passed it on.
 */
export const HANDOVER_MS = 10;

/** Milliseconds before a move within which a message may have gone either way: the client's bound on its last round trip. */
export const CUT_MS = 2_000;

/** Totals of the account. */
export interface LedgerTotals {
  readonly published: number;
  /** Seen by at least one witness. */
  readonly arrived: number;
  /** Published while there was no link: kept by the client, and due like any other. */
  readonly buffered: number;
  /** Not arrived, but on a link when that was lost: at-most-once delivery allows it. */
  readonly lostInFlight: number;
  /** Not arrived, and nothing allows that. */
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /**
   * Arrived in order among themselves, behind later ones that went over the link the publisher had moved to. The old server
   * confirmed that it had them, not that it had passed them on; between two ways through a cluster there is no order.
   */
  readonly overtaken: number;
  /** `publish` threw; the caller was told. */
  readonly refused: number;
  /** Nobody was in a position to tell whether they arrived. */
  readonly unwitnessed: number;
  /** Numbers of the first few that were lost. */
  readonly examples: readonly number[];
}

interface Entry {
  readonly at: number;
  /** Number of the link it was, or will be, sent on. */
  readonly link: number;
  readonly buffered: boolean;
  /** Witnesses that must see it, as bits. */
  required: number;
  /** Witnesses that saw it, as bits. */
  seen: number;
  inFlight: boolean;
  verdict: "open" | "fine" | "lost-in-flight" | "lost" | "unwitnessed" | "refused";
}

/** Up to 30 witnesses, numbered from 0: subscribers on connections of their own. */
export class Ledger {
  readonly #entries: Entry[] = [];
  // Per witness: the highest number it saw of each link, for the order.
  readonly #highest: Map<number, number>[];
  // Per witness: the highest number that was overtaken.
  readonly #late: number[] = [];
  #movedAt = Number.NEGATIVE_INFINITY;
  #trusted = 0;
  #link = 0;
  #linked = false;
  #judged = 0;
  #arrived = 0;
  #buffered = 0;
  #duplicated = 0;
  #reordered = 0;
  #overtaken = 0;
  readonly #verdicts = { fine: 0, "lost-in-flight": 0, lost: 0, unwitnessed: 0, refused: 0 };
  readonly #examples: number[] = [];

  constructor(witnesses: number) {
    this.#highest = Array.from({ length: witnesses }, () => new Map());
  }

  /** From now on this witness must see every message. */
  trust(witness: number): void {
    this.#trusted |= 1 << witness;
  }

  /** This witness is about to be disturbed: neither what is still under way nor what follows can be asked of it. */
  distrust(witness: number): void {
    this.#trusted &= ~(1 << witness);
    for (let number = this.#judged; number < this.#entries.length; number++) {
      const entry = this.#entries[number];
      if (entry !== undefined) entry.required &= ~(1 << witness);
    }
  }

  /** The publisher has a link. */
  linkUp(): void {
    this.#linked = true;
  }

  /**
   * The publisher lost its link: what it sent after the last moment its server was provably alive was in flight.
   *
   * @param provenAt when the newest thing was sent that the server of this link answered
   * @returns how many messages were in flight
   */
  linkLost(provenAt: number): number {
    if (!this.#linked) return 0;
    let inFlight = 0;
    for (let number = this.#entries.length - 1; number >= 0; number--) {
      const entry = this.#entries[number];
      if (entry === undefined || entry.link !== this.#link) break;
      if (entry.at < provenAt - HANDOVER_MS && !entry.buffered) break;
      // What was kept during an outage went out first of all on this link; its own time says nothing, the next one's does.
      if (entry.buffered && (this.#entries[number + 1]?.inFlight ?? true) === false) break;
      if (entry.verdict !== "open") continue;
      entry.inFlight = true;
      inFlight++;
    }
    this.#linked = false;
    this.#link++;
    return inFlight;
  }

  /** The publisher goes on over another link, and has lost nothing. */
  linkMoved(at: number): void {
    this.#movedAt = at;
  }

  /** Gives the number of the next message. */
  published(at: number): number {
    const buffered = !this.#linked;
    if (buffered) this.#buffered++;
    this.#entries.push({
      at,
      link: this.#link,
      buffered,
      required: this.#trusted,
      seen: 0,
      inFlight: false,
      verdict: "open",
    });
    return this.#entries.length - 1;
  }

  /** `publish` threw for this number. */
  refused(number: number): void {
    const entry = this.#entries[number];
    if (entry !== undefined) this.#decide(entry, "refused");
  }

  /** A witness saw this number. */
  arrived(witness: number, number: number): void {
    const entry = this.#entries[number];
    const highest = this.#highest[witness];
    if (entry === undefined || highest === undefined) {
      this.#duplicated++; // a number nobody published is as wrong as one delivered twice
      return;
    }
    const bit = 1 << witness;
    if ((entry.seen & bit) !== 0) {
      this.#duplicated++;
      return;
    }
    if (entry.seen === 0) this.#arrived++;
    entry.seen |= bit;
    const last = highest.get(entry.link) ?? -1;
    // A paused server passes on what was in flight when it wakes, long after the messages behind it took another way.
    if (number < last && !entry.inFlight) this.#behind(witness, number, entry.at);
    if (number > last) highest.set(entry.link, number);
    if (entry.verdict === "lost-in-flight" || (entry.verdict === "lost" && this.#satisfied(entry))) {
      this.#decide(entry, "fine");
    }
  }

  /** True when everything published before this moment, and not yet judged, has arrived where it must. */
  settledBefore(at: number): boolean {
    for (let number = this.#judged; number < this.#entries.length; number++) {
      const entry = this.#entries[number];
      if (entry === undefined || entry.at >= at) break;
      const waits = entry.verdict === "open" && !entry.inFlight && entry.required !== 0;
      if (waits && !this.#satisfied(entry)) return false;
    }
    return true;
  }

  /** Gives a verdict on everything published before this moment: what is missing now is lost. */
  judgeBefore(at: number): void {
    for (; this.#judged < this.#entries.length; this.#judged++) {
      const entry = this.#entries[this.#judged];
      if (entry === undefined || entry.at >= at) return;
      if (entry.verdict !== "open") continue;
      if (entry.inFlight) this.#decide(entry, entry.seen === 0 ? "lost-in-flight" : "fine");
      else if (entry.required === 0) this.#decide(entry, entry.seen === 0 ? "unwitnessed" : "fine");
      else if (this.#satisfied(entry)) this.#decide(entry, "fine");
      else {
        this.#decide(entry, "lost");
        if (this.#examples.length < 5) this.#examples.push(this.#judged);
      }
    }
  }

  get totals(): LedgerTotals {
    return {
      published: this.#entries.length,
      arrived: this.#arrived,
      buffered: this.#buffered,
      lostInFlight: this.#verdicts["lost-in-flight"],
      lost: this.#verdicts.lost,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      overtaken: this.#overtaken,
      refused: this.#verdicts.refused,
      unwitnessed: this.#verdicts.unwitnessed,
      examples: this.#examples,
    };
  }

  #behind(witness: number, number: number, at: number): void {
    const eitherWay = at <= this.#movedAt && at >= this.#movedAt - CUT_MS;
    if (!eitherWay || number < (this.#late[witness] ?? -1)) this.#reordered++;
    else {
      this.#late[witness] = number;
      this.#overtaken++;
    }
  }

  #satisfied(entry: Entry): boolean {
    return entry.required !== 0 && (entry.seen & entry.required) === entry.required;
  }

  #decide(entry: Entry, verdict: Exclude<Entry["verdict"], "open">): void {
    if (entry.verdict !== "open") this.#verdicts[entry.verdict]--;
    this.#verdicts[verdict]++;
    entry.verdict = verdict;
  }
}
