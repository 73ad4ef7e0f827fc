// Where one connection was at any time, and when nobody can vouch for what was under way on it. Pure: it is told of events and
// of proofs of life. Source of what it allows: "Guarantees" of the README, and at-most-once delivery.

import { Spans } from "./spans.js";

/**
 * Milliseconds before the last proof of life that still count as in flight when a link is lost: the server had it, and may have
 * died before it had passed it on.
 */
export const BEFORE = 250;

/** Milliseconds after a reconnect until every node must know again what the connection subscribes to. */
export const AFTER = 1_000;

/** Milliseconds before the end of a move in which both links may carry the subscriptions, and after it. */
const MOVING = 4_000;

/** What happened to its links, counted. */
export interface LinkCounts {
  readonly lost: number;
  readonly moves: number;
  /** The longest it was without a link, in milliseconds. */
  readonly longestOutage: number;
}

export class Presence {
  readonly name: string;
  readonly #sending = new Spans<"gap">();
  readonly #receiving = new Spans<"gap">();
  readonly #moving = new Spans<"move">();
  readonly #places = new Spans<number>();
  #node: number | undefined;
  #provenAt = Number.NEGATIVE_INFINITY;
  #lostAt = Number.NEGATIVE_INFINITY;
  #losses: number[] = [];
  #epoch = 0;
  #counts = { lost: 0, moves: 0, longestOutage: 0 };

  constructor(name: string) {
    this.name = name;
  }

  /** The node it is connected to; `undefined` = none. */
  get node(): number | undefined {
    return this.#node;
  }

  /** Everything sent before this moment was acknowledged by the server. */
  get provenAt(): number {
    return this.#provenAt;
  }

  /** How many links it has lost so far. */
  get epoch(): number {
    return this.#epoch;
  }

  get counts(): LinkCounts {
    return this.#counts;
  }

  /** A link is up, the first one or another. */
  linkUp(at: number, node: number): void {
    if (this.#epoch > 0) {
      this.#receiving.end("gap", at + AFTER);
      this.#counts.longestOutage = Math.max(this.#counts.longestOutage, at - this.#lostAt);
    }
    this.#provenAt = at;
    this.#enter(at, node);
  }

  /** The server answered what was sent at `at`. */
  proven(at: number): void {
    if (this.#node !== undefined) this.#provenAt = Math.max(this.#provenAt, at);
  }

  /** The link is gone. */
  linkLost(at: number): void {
    const from = this.#provenAt - BEFORE;
    this.#sending.begin("gap", from);
    this.#sending.end("gap", at);
    this.#receiving.begin("gap", from);
    if (this.#node !== undefined) this.#places.end(this.#node, at);
    this.#node = undefined;
    this.#lostAt = at;
    this.#losses.push(at);
    this.#epoch++;
    this.#counts.lost++;
  }

  /** It has moved to another node without being without one. */
  moved(at: number, node: number): void {
    this.#moving.begin("move", at - MOVING);
    this.#moving.end("move", at + MOVING);
    // What the old link had brought may still be on its way.
    if (this.#node !== undefined) this.#places.end(this.#node, at + AFTER);
    this.#enter(at, node);
    this.#counts.moves++;
  }

  /** True when what was sent then may be lost with its link. */
  sendingMayFail(at: number): boolean {
    return this.#sending.meets("gap", at);
  }

  /** True when what was for it between these moments may have passed it by. */
  receivingMayFail(from: number, to: number = from): boolean {
    return this.#receiving.meets("gap", from, to);
  }

  /** True when it moved about then. */
  wasMoving(at: number): boolean {
    return this.#moving.meets("move", at);
  }

  wasOn(node: number, from: number, to: number = from): boolean {
    return this.#places.meets(node, from, to);
  }

  /** The first loss in this time. */
  lossWithin(from: number, to: number): number | undefined {
    return this.#losses.find((at) => at >= from && at <= to);
  }

  /** Leaves out what ended before this moment. */
  forget(before: number): void {
    for (const spans of [this.#sending, this.#receiving, this.#moving, this.#places]) spans.forget(before);
    this.#losses = this.#losses.filter((at) => at >= before);
  }

  #enter(at: number, node: number): void {
    this.#node = node;
    this.#places.begin(node, at);
  }
}
