// Notices a silent peer. Any inbound byte is life; a ping goes out only on silence. The link is stale after
// pingInterval * (maxPingOut + 1) of silence, or after one pingInterval with writes that nothing has answered. Time in which we stood
// still is no silence, and before a link is given up, what has come and was not read is. After a jump of the clock (the machine slept,
// the page was frozen) nothing is concluded from the silence: the peer is asked, and has two seconds.

import type { Clock } from "@myelin/contracts";

/** Checks of silence in one pingInterval. */
const TICKS = 4;

/** Milliseconds the peer has to answer after a jump of the clock. */
const PROBE = 2_000;

/** Milliseconds; anything shorter is a busy machine. */
const SHORTEST_JUMP = 1_000;

/** One timer for one link. */
export interface KeepAlive {
  /** Bytes arrived. */
  inbound(): void;
  /** Bytes were written. */
  outbound(): void;
  /** Asks the peer at once; it is stale when nothing has come within two seconds. */
  probe(): void;
  stop(): void;
}

/** @param ping sends a PING, the so manieth without an answer, and may stop this */
export function keepAlive(
  clock: Clock,
  interval: number,
  maxPingOut: number,
  ping: (pending: number) => void,
  stale: () => void,
): KeepAlive {
  const every = interval / TICKS;
  let lastInbound = clock.now();
  let firstWrite: number | undefined;
  let pingsOut = 0;
  let cancel: (() => void) | undefined = () => {};

  const arm = (ms: number, run: () => void): void => {
    if (cancel === undefined) return;
    cancel();
    cancel = clock.after(ms, run);
  };
  const start = (): void => {
    const armed = clock.now();
    const armedWall = clock.wallTime();
    arm(every, () => {
      const now = clock.now();
      const behind = Math.max(now - armed - every, clock.wallTime() - armedWall - (now - armed));
      if (behind > Math.max(interval, SHORTEST_JUMP)) return probe();
      if (behind > every) {
        lastInbound = Math.min(now, lastInbound + behind);
        firstWrite &&= Math.min(now, firstWrite + behind);
      }
      const silence = now - lastInbound;
      const unanswered = now - (firstWrite ?? now);
      if (silence > interval * (maxPingOut + 1) - every || (pingsOut > 0 && unanswered > interval - every)) {
        return giveUp(now);
      }
      start();
      if (silence >= interval * (pingsOut + 1) || (pingsOut === 0 && unanswered >= every)) ping(++pingsOut);
    });
  };
  // Events that wait come before a timer that is set now.
  const giveUp = (begin: number): void => arm(0, () => (lastInbound < begin ? stale() : start()));
  const probe = (): void => {
    const begin = clock.now();
    pingsOut = 1;
    // Its time begins when the PING has left: we may stand still again before that.
    arm(0, () => arm(PROBE, () => giveUp(begin)));
    ping(1);
  };
  start();
  return {
    inbound() {
      lastInbound = clock.now();
      firstWrite = undefined;
      pingsOut = 0;
    },
    outbound() {
      firstWrite ??= clock.now();
    },
    probe,
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
