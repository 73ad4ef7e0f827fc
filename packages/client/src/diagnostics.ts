// What one connection publishes on the runtime's diagnostics channels. Makes messages only for channels somebody subscribes to,
// and decides nothing. The channels and shapes are those of @myelin/contracts.

import type {
  Clock,
  Diagnostics,
  DiagnosticsChannel,
  DiagnosticsChannelName,
  DiagnosticsMessages,
  DiagnosticsSource,
} from "@myelin/contracts";
import { errorOf } from "./errors.js";
import type { ConnectionObserver } from "./observer.js";
import { addressOf } from "./session/announcements.js";
import type { State } from "./session/connection-state.js";
import { AttemptFailure } from "./session/handshake.js";
import type { StatusEvent } from "./status.js";

declare const made: unique symbol;

/** Where connections publish what they do; {@link diagnosticsOn} makes it. */
export interface DiagnosticsTarget {
  /** Of types alone: only what {@link diagnosticsOn} made fits. */
  readonly [made]: true;
}

/** The same as the connection sees it. */
export type ConnectionDiagnosticsMaker = DiagnosticsTarget &
  ((source: DiagnosticsSource, clock: Clock) => ConnectionDiagnostics);

/**
 * For `diagnostics` of `connect()`: connections publish on these channels. Asked for by who has channels, so that where there are none,
 * as in a browser, nothing of it is bundled.
 */
export function diagnosticsOn(channels: Diagnostics): DiagnosticsTarget {
  const make = (source: DiagnosticsSource, clock: Clock) => new ConnectionDiagnostics(channels, source, clock);
  // The mark is one of types alone.
  return make as unknown as DiagnosticsTarget;
}

type Channel<Name extends DiagnosticsChannelName> = DiagnosticsChannel<DiagnosticsMessages[Name]>;

export class ConnectionDiagnostics implements ConnectionObserver {
  readonly #source: DiagnosticsSource;
  readonly #clock: Clock;
  readonly #state: Channel<"myelin:connection:state">;
  readonly #event: Channel<"myelin:connection:event">;
  readonly #attemptStart: Channel<"myelin:attempt:start">;
  readonly #attemptEnd: Channel<"myelin:attempt:end">;
  readonly #linkUp: Channel<"myelin:link:up">;
  readonly #linkDown: Channel<"myelin:link:down">;
  readonly #requestStart: Channel<"myelin:request:start">;
  readonly #requestEnd: Channel<"myelin:request:end">;
  #requests = 0;

  constructor(diagnostics: Diagnostics, source: DiagnosticsSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#state = diagnostics.channel("myelin:connection:state");
    this.#event = diagnostics.channel("myelin:connection:event");
    this.#attemptStart = diagnostics.channel("myelin:attempt:start");
    this.#attemptEnd = diagnostics.channel("myelin:attempt:end");
    this.#linkUp = diagnostics.channel("myelin:link:up");
    this.#linkDown = diagnostics.channel("myelin:link:down");
    this.#requestStart = diagnostics.channel("myelin:request:start");
    this.#requestEnd = diagnostics.channel("myelin:request:end");
  }

  transition(from: State, to: State): void {
    if (this.#state.hasSubscribers) this.#state.publish({ ...this.#source, from: from.kind, to: to.kind });
    const [before, after] = ["link" in from ? from : undefined, "link" in to ? to : undefined];
    if (before?.link === after?.link) return;
    if (before !== undefined && this.#linkDown.hasSubscribers) {
      const error = "ended" in to ? to.ended?.error : undefined;
      this.#linkDown.publish({
        ...this.#source,
        epoch: before.link.epoch,
        server: addressOf(before.server),
        error: error ?? (to.kind === "closed" ? to.reason : undefined),
      });
    }
    if (after !== undefined && this.#linkUp.hasSubscribers) {
      const { link, server } = after;
      this.#linkUp.publish({
        ...this.#source,
        epoch: link.epoch,
        server: addressOf(server),
        address: link.remoteAddress,
      });
    }
  }

  event(event: StatusEvent): void {
    if (!this.#event.hasSubscribers) return;
    // Spelled out, for there are many: spreading takes ten times as long.
    const { connection, name } = this.#source;
    this.#event.publish({ connection, name, event });
  }

  attempt(attempt: number, server: string): (failure?: unknown) => void {
    const begin = this.#clock.now();
    const { connection, name } = this.#source;
    if (this.#attemptStart.hasSubscribers) this.#attemptStart.publish({ connection, name, attempt, server });
    return (failure) => {
      if (!this.#attemptEnd.hasSubscribers) return;
      const known = failure instanceof AttemptFailure ? failure : undefined;
      this.#attemptEnd.publish({
        ...this.#source,
        attempt,
        server,
        ms: this.#clock.now() - begin,
        error: known?.cause ?? (failure === undefined ? undefined : errorOf(failure)),
        phase: known?.phase,
      });
    };
  }

  request(subject: string): ((answer: Promise<unknown>) => void) | undefined {
    if (!this.#requestStart.hasSubscribers && !this.#requestEnd.hasSubscribers) return undefined;
    const begin = this.#clock.now();
    this.#requests += 1;
    const about = { ...this.#source, request: this.#requests, subject };
    this.#requestStart.publish(about);
    const end = (error: Error | undefined): void =>
      this.#requestEnd.publish({ ...about, ms: this.#clock.now() - begin, error });
    return (answer) =>
      void answer.then(
        () => end(undefined),
        (cause: unknown) => end(errorOf(cause)),
      );
  }
}
