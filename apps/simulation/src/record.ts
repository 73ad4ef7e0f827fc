// What is seen of a run: every attempt, loss and return, by time; figures from them; and one number for all of it, so that two runs can
// be told to be the same.

/** Milliseconds in which attempts are counted together. */
export const BUCKET = 100;

/** A record as plain data, to be sent from one thread to another. */
export interface RecordData {
  readonly clients: number;
  readonly attempts: readonly number[];
  readonly repeats: readonly number[];
  readonly down: readonly number[];
  readonly outages: readonly number[];
  readonly moves: number;
  readonly gaveUp: number;
  readonly stillDown: number;
  readonly hash: number;
}

// FNV-1a.
const HASH_BASIS = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

export class Record {
  readonly clients: number;
  /** Attempts in each 100 ms from time 0 on. */
  readonly attempts: number[] = [];
  /** Of them, those that were not a client's first after it lost its connection. */
  readonly repeats: number[] = [];
  /** Clients without a connection at the end of each 100 ms. */
  readonly down: number[] = [];
  /** How long each client that lost its connection was without. */
  readonly outages: number[] = [];
  /** Times a client moved without being without a connection. */
  moves = 0;
  gaveUp = 0;
  readonly #first: number;
  readonly #lostAt: Float64Array;
  readonly #tried: Uint8Array;
  #down = 0;
  #latest = 0;
  // One number for each client's own story. Their sum does not depend on who of several came first at one moment.
  readonly #stories: Int32Array;
  #hash = 0;
  readonly #bytes = new Uint8Array(new ArrayBuffer(24));
  readonly #view = new DataView(this.#bytes.buffer);

  /** @param first number of the first client in a fleet it is a part of */
  constructor(clients: number, first = 0) {
    this.clients = clients;
    this.#first = first;
    this.#stories = new Int32Array(clients).fill(HASH_BASIS);
    this.#lostAt = new Float64Array(clients).fill(Number.NaN);
    this.#tried = new Uint8Array(clients);
  }

  /** One record of several parts of a fleet that played beside each other. */
  static merged(parts: readonly RecordData[]): Record {
    const whole = new Record(parts.reduce((sum, { clients }) => sum + clients, 0));
    for (const part of parts) {
      for (const of of ["attempts", "repeats", "down"] as const) add(whole[of], part[of]);
      for (const outage of part.outages) whole.outages.push(outage);
      whole.moves += part.moves;
      whole.gaveUp += part.gaveUp;
      whole.#down += part.stillDown;
      whole.#hash = (whole.#hash + part.hash) | 0;
    }
    return whole;
  }

  get data(): RecordData {
    const { attempts, clients, down, gaveUp, moves, outages, repeats, stillDown } = this;
    return { clients, attempts, repeats, down, outages, moves, gaveUp, stillDown, hash: this.#hash };
  }

  attempt(client: number, server: number, now: number): void {
    this.#log(1, client, server, now);
    if (now < 0) return;
    const bucket = this.#pass(now);
    this.attempts[bucket] = (this.attempts[bucket] ?? 0) + 1;
    if (this.#tried[client] === 1) this.repeats[bucket] = (this.repeats[bucket] ?? 0) + 1;
    this.#tried[client] = 1;
  }

  lost(client: number, server: number, now: number): void {
    this.#log(2, client, server, now);
    this.#pass(now);
    this.#lostAt[client] = now;
    this.#tried[client] = 0;
    this.#down++;
  }

  /** It has a connection: its first, another one after it lost one, or one it moved to. */
  arrived(client: number, server: number, now: number): void {
    this.#log(3, client, server, now);
    this.#tried[client] = 0;
    if (now < 0) return;
    this.#pass(now);
    const lostAt = this.#lostAt[client] ?? Number.NaN;
    if (Number.isNaN(lostAt)) {
      this.moves++;
      return;
    }
    this.outages.push(now - lostAt);
    this.#lostAt[client] = Number.NaN;
    this.#down--;
  }

  ended(client: number, now: number): void {
    this.#log(4, client, 0, now);
    this.gaveUp++;
  }

  /** Nothing more comes before `now`. */
  pass(now: number): void {
    this.#pass(now);
  }

  /** Attempts in the busiest 100 ms as a part of all clients; `repeats` counts no first attempts. */
  busiest(of: "attempts" | "repeats", since = 0): number {
    let most = 0;
    for (let bucket = Math.ceil(since / BUCKET); bucket < this[of].length; bucket++)
      most = Math.max(most, this[of][bucket] ?? 0);
    return most / this.clients;
  }

  /** Clients that never came back. */
  get stillDown(): number {
    return this.#down;
  }

  /** A number that is the same for the same attempts, losses and returns at the same times. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  #pass(now: number): number {
    const bucket = Math.floor(now / BUCKET);
    for (; this.#latest < bucket; this.#latest++) this.down[this.#latest] = this.#down;
    return bucket;
  }

  #log(what: number, client: number, server: number, now: number): void {
    this.#view.setUint32(0, what);
    this.#view.setUint32(4, this.#first + client);
    this.#view.setUint32(8, server);
    this.#view.setFloat64(12, now);
    const before = this.#stories[client] ?? 0;
    let story = before;
    for (let at = 0; at < 20; at++) story = Math.imul(story ^ (this.#bytes[at] ?? 0), HASH_PRIME);
    this.#stories[client] = story;
    this.#hash = (this.#hash + story - before) | 0;
  }
}

// What happened within each 100 ms, added to what happened within it elsewhere.
function add(whole: number[], part: readonly number[]): void {
  for (let bucket = 0; bucket < part.length; bucket++) whole[bucket] = (whole[bucket] ?? 0) + (part[bucket] ?? 0);
}

/** The value below which so large a part of all is; NaN for none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Farthest any of these is from an equal share, as a part of it; 0 = all equal. */
export function unevenness(counts: readonly number[]): number {
  const share = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return Math.max(...counts.map((count) => Math.abs(count - share) / share));
}
