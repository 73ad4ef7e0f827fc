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

/** Remembers one step. `details` are joined to the verb only where they are kept. Does not throw. */
export type Note = (direction: Direction, verb: string, ...details: readonly (string | number | undefined)[]) => void;

export class History {
  readonly #clock: Clock;
  readonly #told: (entry: HistoryEntry) => void;
  readonly #kept: {
    readonly about: HistorySubject;
    readonly verb: string;
    readonly runs: boolean;
    readonly entry: Entry;
  }[] = [];

  /** @param told hears of every entry that adds to no other; does not throw */
  constructor(clock: Clock, told: (entry: HistoryEntry) => void) {
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
      const entry = new Entry(at, about, direction, oneLine(words([verb, ...details]), LONGEST));
      const runs = /^((UN)?SUB|P[IO]NG|-ERR .*)$/s.test(verb);
      if (this.#kept.push({ about, verb, runs, entry }) > KEPT) this.#kept.shift();
      this.#told(entry);
    };
  }

  /** What is remembered now, the oldest first. */
  entries(): readonly HistoryEntry[] {
    return this.#kept.map(({ entry }) => Object.assign(Object.create(Entry.prototype) as Entry, entry));
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
  #run(about: HistorySubject, direction: Direction, verb: string): Entry | undefined {
    for (let back = 1; back <= LOOK_BACK; back++) {
      const kept = this.#kept.at(-back);
      if (kept?.about !== about || !kept.runs) return undefined;
      if (kept.verb === verb && kept.entry.direction === direction) return kept.entry;
    }
    return undefined;
  }
}

class Entry implements HistoryEntry {
  until: number;
  count = 1;
  readonly attempt: number | undefined;
  readonly epoch: number | undefined;
  readonly server: string;

  constructor(
    readonly at: number,
    { attempt, epoch, server }: HistorySubject,
    readonly direction: Direction,
    readonly text: string,
  ) {
    this.until = at;
    this.attempt = attempt;
    this.epoch = epoch;
    this.server = server;
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
  const flags = Object.entries({ auth_required, tls_required, nonce, ldm });
  return words([
    server_name,
    version,
    cluster && `cluster ${cluster}`,
    ...flags.map(([name, value]) => (value ? name : undefined)),
    connect_urls && `connect_urls ${connect_urls}`,
  ]);
}

/** In one line of bounded length, whatever a server or a caller put into it. */
export function oneLine(text: string, longest: number): string {
  const line = text.slice(0, longest + 1).replace(/\p{C}+/gu, " ");
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

function words(parts: readonly (string | number | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}
