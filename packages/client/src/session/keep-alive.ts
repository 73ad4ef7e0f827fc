// Notices a silent peer (D16). Any inbound byte is life; a ping goes out only on silence. Without unacknowledged writes the
// link is stale after pingInterval * (maxPingOut + 1) of silence, with them after three quarters of one pingInterval (at
// most one whole, with the granularity of a tick): 60 s and 20 s by default. After a jump of the clock (the machine slept, the
// process stood still) nothing is concluded from the silence: the peer is asked at once, and has two seconds.

import type { Clock } from "@myelin/contracts";

/** Checks of silence in one pingInterval. */
const TICKS = 4;

/** Milliseconds the peer has to answer after a jump of the clock. */
const PROBE = 2_000;

/** Milliseconds; anything shorter is a busy machine. */
const SHORTEST_JUMP = 1_000;

/** What the keep-alive asks of its link. */
export interface KeepAliveLink {
  /** Sends a PING that only keeps alive. */
  keepAlivePing(pending: number): void;
  /** The peer is silent. */
  stale(): void;
}

/** One timer for one link. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #maxPingOut: number;
  readonly #link: KeepAliveLink;
  #cancel: () => void = () => {};
  #lastInbound: number;
  #firstWrite: number | undefined;
  #pingsOut = 0;
  // When the last tick was armed, on both clocks.
  #armedAt = 0;
  #armedAtWallTime = 0;

  constructor(clock: Clock, interval: number, maxPingOut: number, link: KeepAliveLink) {
    this.#clock = clock;
    this.#interval = interval;
    this.#maxPingOut = maxPingOut;
    this.#link = link;
    this.#lastInbound = clock.now();
  }

  start(): void {
    this.#cancel();
    this.#armedAt = this.#clock.now();
    this.#armedAtWallTime = this.#clock.wallTime();
    this.#cancel = this.#clock.after(this.#interval / TICKS, () => this.#tick());
  }

  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  /** Asks the peer at once; it is stale when nothing has come within two seconds. */
  probe(): void {
    this.#cancel();
    this.#probe(this.#clock.now());
  }

  /** Bytes arrived. */
  inbound(): void {
    this.#lastInbound = this.#clock.now();
    this.#firstWrite = undefined;
    this.#pingsOut = 0;
  }

  /** Bytes were written that the peer has not answered by any byte yet. */
  outbound(): void {
    this.#firstWrite ??= this.#clock.now();
  }

  #tick(): void {
    const now = this.#clock.now();
    const tick = this.#interval / TICKS;
    if (this.#jumped(now, tick)) {
      this.#probe(now);
      return;
    }
    const silence = now - this.#lastInbound;
    const unanswered = this.#firstWrite === undefined ? 0 : now - this.#firstWrite;
    if (
      silence > this.#interval * (this.#maxPingOut + 1) - tick ||
      (this.#pingsOut > 0 && unanswered > this.#interval - tick)
    ) {
      this.#link.stale();
      return;
    }
    // Before the ping is told of: who hears of it may end the link, and with it this timer.
    this.start();
    if (silence >= this.#interval * (this.#pingsOut + 1) || (this.#pingsOut === 0 && unanswered >= tick)) {
      this.#pingsOut++;
      if (!this.#goesOnAfterPing(this.#pingsOut)) return;
    }
  }

  // A listener of the ping may end the link, and nothing must tick on then.
  #goesOnAfterPing(pending: number): boolean {
    const armed = this.#cancel;
    this.#link.keepAlivePing(pending);
    return this.#cancel === armed;
  }

  // The tick is late, or more time has passed outside than inside.
  #jumped(now: number, tick: number): boolean {
    const late = now - this.#armedAt - tick;
    const slept = this.#clock.wallTime() - this.#armedAtWallTime - (now - this.#armedAt);
    return Math.max(late, slept) > Math.max(this.#interval, SHORTEST_JUMP);
  }

  #probe(begin: number): void {
    this.#pingsOut = 1;
    if (!this.#goesOnAfterPing(1)) return;
    this.#cancel = this.#clock.after(PROBE, () => {
      if (this.#lastInbound < begin) this.#link.stale();
      else this.start();
    });
  }
}
