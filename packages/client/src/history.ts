// The latest control traffic of one connection, over all its attempts and links: for errors that end it, `nc.history()` and the log.
// Bounded, and made of words that are safe to show. Messages never come by here, so that they cost nothing.

import { type Clock, type HistoryEntry, isNatsError } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";

/** Entries kept; the oldest one makes room. */
const KEPT = 200;

/** Characters of an entry that are kept. */
const LONGEST = 300;

/** Entries looked back at for one that the next may add to. */
const LOOK_BACK = 8;

type Direction = HistoryEntry["direction"];

/** What steps belong to; those of one object make runs. */
export type HistorySubject = Pick<HistoryEntry, "server"> & Partial<Pick<HistoryEntry, "attempt" | "epoch">>;

type Words = readonly (string | number | undefined)[];

/** Remembers one step. `details` are joined to the verb only when somebody reads them. Does not throw. */
export type Note = (direction: Direction, verb: string, ...details: Words) => void;

export class History {
  readonly #clock: Clock;
  readonly #told: ((entry: HistoryEntry) => void) | undefined;
  readonly #kept: Step[] = [];

  /** @param told hears of every entry that adds to no other; does not throw */
  constructor(clock: Clock, told: ((entry: HistoryEntry) => void) | undefined) {
    this.#clock = clock;
    this.#told = told;
  }

  /** For the steps of one attempt, of one link, or of what is between them. */
  of(about: HistorySubject): Note {
    return (direction, verb, ...details) => {
      const at = this.#clock.wallTime();
      const known = this.#run(about, direction, verb);
      if (known !== undefined) {
        known.count++;
        known.until = at;
        return;
      }
      const step = new Step(at, about, direction, verb, details);
      if (this.#kept.push(step) > KEPT) this.#kept.shift();
      this.#told?.(step.entry());
    };
  }

  /** What is remembered now, the oldest first. */
  entries(): readonly HistoryEntry[] {
    return this.#kept.map((step) => step.entry());
  }

  /**
   * The connection has ended. An error of our classes gets what is remembered, out of the way of who prints it; any other, such as
   * the reason of a caller's signal, is left as it is.
   */
  close(reason: Error | undefined): void {
    this.of({ server: "" })("own", reason === undefined ? "closed" : "closed with an error");
    if (isNatsError(reason)) {
      Reflect.defineProperty(reason, "history", { value: this.entries(), configurable: true, writable: true });
    }
  }

  // SUB and UNSUB in turn, or PING and PONG, add to the latest of each.
  #run(about: HistorySubject, direction: Direction, verb: string): Step | undefined {
    for (let back = 1; back <= LOOK_BACK; back++) {
      const kept = this.#kept.at(-back);
      if (kept?.about !== about || !/^((UN)?SUB|P[IO]NG|-ERR )/.test(kept.verb)) return undefined;
      if (kept.verb === verb && kept.direction === direction) return kept;
    }
    return undefined;
  }
}

// What is remembered. Each connection makes ten of them before it is of use, and hardly any is ever read: putting them into words
// at once took a twentieth of a connect.
class Step {
  until: number;
  count = 1;

  constructor(
    readonly at: number,
    readonly about: HistorySubject,
    readonly direction: Direction,
    readonly verb: string,
    readonly details: Words,
  ) {
    this.until = at;
  }

  entry(): Entry {
    return new Entry(this, oneLine(words([this.verb, ...this.details]), LONGEST));
  }
}

class Entry implements HistoryEntry {
  declare readonly at: number;
  declare readonly until: number;
  declare readonly count: number;
  declare readonly attempt: number | undefined;
  declare readonly epoch: number | undefined;
  declare readonly server: string;
  declare readonly direction: Direction;

  constructor(
    { about: { attempt, epoch, server }, at, count, direction, until }: Step,
    readonly text: string,
  ) {
    Object.assign(this, { at, until, count, attempt, epoch, server, direction });
  }

  toString(): string {
    const { at, attempt, count, direction, epoch, server, text, until } = this;
    return words([
      new Date(at).toISOString(),
      server,
      attempt === undefined ? undefined : `attempt ${attempt}`,
      epoch === undefined ? undefined : `link ${epoch}`,
      { in: "<", out: ">", own: "-" }[direction],
      text,
      count > 1 ? `(${count} of them until ${new Date(until).toISOString()})` : undefined,
    ]);
  }
}

/** What an INFO says that helps to understand what follows. */
export function infoShown(info: ServerInfo): string {
  const { auth_required, cluster, connect_urls, ldm, nonce, server_name, tls_required, version } = info;
  return words([
    server_name,
    version,
    cluster && `cluster ${cluster}`,
    auth_required ? "auth_required" : undefined,
    tls_required ? "tls_required" : undefined,
    nonce ? "nonce" : undefined,
    ldm ? "ldm" : undefined,
    connect_urls && `connect_urls ${connect_urls}`,
  ]);
}

/** In one line of bounded length, whatever a server or a caller put into it. */
export function oneLine(text: string, longest: number): string {
  const line = text.slice(0, longest + 1).replace(/\p{C}+/gu, " ");
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

function words(parts: Words): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}
