// Notices a silent peer (D16). Any inbound byte is life; a ping goes out only on silence. Without unacknowledged writes the
// link is stale after pingInterval * (maxPingOut + 1) of silence, with them after three quarters of one pingInterval (at
// most one whole, with the granularity of a tick): 60 s and 20 s by default. Silence is what was listened to: time in which we stood
// still ourselves is no part of it, and before a link is given up, what has come and was not read is. After a jump of the clock (the
// machine slept, the process stood still) nothing is concluded from the silence: the peer is asked at once, and has two seconds.

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
  // Later by as long as we did not listen.
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
    const behind = this.#behind(now, tick);
    if (behind > Math.max(this.#interval, SHORTEST_JUMP)) {
      this.#probe(now);
      return;
    }
    if (behind > tick) {
      this.#lastInbound = Math.min(now, this.#lastInbound + behind);
      if (this.#firstWrite !== undefined) this.#firstWrite = Math.min(now, this.#firstWrite + behind);
    }
    const silence = now - this.#lastInbound;
    const unanswered = this.#firstWrite === undefined ? 0 : now - this.#firstWrite;
    if (
      silence > this.#interval * (this.#maxPingOut + 1) - tick ||
      (this.#pingsOut > 0 && unanswered > this.#interval - tick)
    ) {
      this.#giveUp();
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

  // Milliseconds by which the tick is late, or more time has passed outside than inside.
  #behind(now: number, tick: number): number {
    const late = now - this.#armedAt - tick;
    const slept = this.#clock.wallTime() - this.#armedAtWallTime - (now - this.#armedAt);
    return Math.max(late, slept);
  }

  #probe(begin: number): void {
    this.#pingsOut = 1;
    if (!this.#goesOnAfterPing(1)) return;
    // Its time begins when the PING has left: we may stand still again before that.
    this.#afterTurn(() => {
      this.#cancel = this.#clock.after(PROBE, () => {
        if (this.#lastInbound < begin) this.#giveUp();
        else this.start();
      });
    });
  }

  // A timer that is late runs before what has come meanwhile is read. In Node the end of a turn is behind the reads of that turn;
  // where it is no more than a microtask, the timer comes behind them.
  #giveUp(): void {
    const heard = this.#lastInbound;
    this.#afterTurn(() => {
      if (this.#lastInbound === heard) this.#link.stale();
      else this.start();
    });
  }

  // When what was written by now has left, and what has come by now was read.
  #afterTurn(run: () => void): void {
    const armed = this.#clock.after(0, () =>
      this.#clock.endOfTurn(() => {
        if (this.#cancel === armed) run();
      }),
    );
    this.#cancel = armed;
  }
}
