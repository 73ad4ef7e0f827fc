// How a connection comes to be.

import type { Clock, Random } from "@myelin/contracts";
import { type LightConnection, openConnection } from "./connection.js";
import { observed } from "./deferred.js";
import { type LightOptions, resolveOptions } from "./options.js";
import { pageSocket } from "./page-socket.js";
import { systemClock, systemRandom } from "./system-clock.js";
import { wakeOf } from "./wake.js";

/** What may be put in the place of the runtime's own, for tests. */
export interface LightRuntime {
  /** Default: the runtime's timers. */
  readonly clock?: Clock | undefined;
  /** Default: `Math.random`. */
  readonly random?: Random | undefined;
  /**
   * Calls `run` whenever there is reason to believe that the network is back or the machine awake; returns what stops that.
   * Default: when the page comes online, and when it is looked at again.
   */
  readonly wake?: ((run: () => void) => () => void) | undefined;
}

/**
 * Connects over WebSocket to the first server of the list that answers.
 *
 * By default every server is tried once, each within `timeout`, and when none answered it rejects with one ConnectError that
 * lists every attempt; nothing is left behind then.
 *
 * @param options or only the URL, or several with commas between them
 * @throws (rejects with) InvalidArgumentError before anything is dialled, ConnectError, or the signal's reason
 */
export function connect(options: LightOptions | string = {}, runtime: LightRuntime = {}): Promise<LightConnection> {
  return observed(() => connected(typeof options === "string" ? { servers: options } : options, runtime));
}

async function connected(given: LightOptions, runtime: LightRuntime): Promise<LightConnection> {
  const options = resolveOptions(given);
  const clock = runtime.clock ?? systemClock;
  const { connection, ready } = openConnection(options, {
    clock,
    random: runtime.random ?? systemRandom,
    wake: runtime.wake ?? wakeOf(globalThis as object),
    transports: [pageSocket(clock), ...(options.transports ?? [])],
  });
  await ready;
  return connection;
}
