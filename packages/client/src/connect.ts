// How a connection comes to be. The runtime's parts are given: this package knows no transport of its own.

import type { Clock, Random, Transport } from "@myelin/contracts";
import type { ConnectionOptions } from "./connection-options.js";
import { observed } from "./deferred.js";
import type { DiagnosticsTarget } from "./diagnostics.js";
import { showInConsoles } from "./inspection.js";
import { NatsConnection } from "./nats-connection.js";
import { resolveOptions } from "./resolved-options.js";
import type { ClientIdentity } from "./session/handshake.js";
import { systemClock, systemRandom } from "./system-clock.js";
import { version } from "./version.js";

/** What a runtime supplies. */
export interface ClientRuntime {
  /** At least one; `options.transports` come on top. */
  readonly transports: readonly Transport[];
  /** Default: the runtime's timers. */
  readonly clock?: Clock | undefined;
  /** Default: `Math.random`. */
  readonly random?: Random | undefined;
  /**
   * Calls `run` whenever there is reason to believe that the network is back or the machine awake; returns what stops that.
   * A wait is then cut short, and a link is asked for a sign of life. Default: never.
   */
  readonly wake?: ((run: () => void) => () => void) | undefined;
  /** Where connections publish what they do: `diagnosticsOn(nodeDiagnostics())`, of @myelin/transport-node. Default: nowhere. */
  readonly diagnostics?: DiagnosticsTarget | undefined;
  /** `lang` and `version` of CONNECT. Default: `typescript` and the version of this package. */
  readonly identity?: ClientIdentity | undefined;
}

/**
 * Connects to the first server of the list that answers.
 *
 * By default every server is tried once, each within `timeout`, and when none answered it rejects with one ConnectError that
 * lists every attempt; nothing then keeps the process alive. `firstConnect: "retry"` keeps trying within `deadline`,
 * `"background"` resolves at once with a connection whose `ready` tells the rest. Both give up where credentials or TLS are refused, unless
 * `firstConnectRefused` is `"retry"`.
 *
 * @param options or only the URL, or several with commas between them
 * @throws (rejects with) InvalidArgumentError before anything is dialled, ConnectError, or the signal's reason
 */
export function connect(options: ConnectionOptions | string, runtime: ClientRuntime): Promise<NatsConnection> {
  return observed(() => connected(typeof options === "string" ? { servers: options } : options, runtime));
}

async function connected(options: ConnectionOptions, runtime: ClientRuntime): Promise<NatsConnection> {
  const resolved = resolveOptions(options);
  showInConsoles();
  const connection = new NatsConnection(resolved, {
    transports: runtime.transports,
    clock: runtime.clock ?? systemClock(),
    random: runtime.random ?? systemRandom(),
    wake: runtime.wake,
    diagnostics: runtime.diagnostics,
    identity: runtime.identity ?? { lang: "typescript", version },
  });
  if (resolved.firstConnect !== "background") {
    try {
      await connection.ready;
    } catch (error) {
      // Not before everything is released.
      await connection.closed();
      throw error;
    }
  }
  return connection;
}
