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
import type { SessionRuntime } from "./session/session-host.js";
import type { StatusEvent } from "./status.js";

declare const made: unique symbol;

/** Where connections publish what they do; {@link diagnosticsOn} makes it. */
export interface DiagnosticsTarget {
  /** Of types alone: only what {@link diagnosticsOn} made fits. */
  readonly [made]: true;
}

/** What a connection needs from outside. */
export interface ConnectionRuntime extends SessionRuntime {
  readonly diagnostics: DiagnosticsTarget | undefined;
}

/** The same as the connection sees it. */
export type ConnectionDiagnosticsMaker = DiagnosticsTarget &
  ((source: DiagnosticsSource, clock: Clock) => ConnectionDiagnostics);

/**
 * For `diagnostics` of `connect()`: connections publish on these channels. Asked for by who has channels, so that where there are none,
 * as in a browser, nothing of it is bundled.
 */
export function diagnosticsOn(channels: Diagnostics): DiagnosticsTarget {
  const found = channelsOf(channels);
  const make = (source: DiagnosticsSource, clock: Clock) => new ConnectionDiagnostics(found, source, clock);
  // The mark is one of types alone.
  return make as unknown as DiagnosticsTarget;
}

type Channel<Name extends DiagnosticsChannelName> = DiagnosticsChannel<DiagnosticsMessages[Name]>;

// Looked up once for all connections.
interface Channels {
  readonly state: Channel<"myelin:connection:state">;
  readonly event: Channel<"myelin:connection:event">;
  readonly attemptStart: Channel<"myelin:attempt:start">;
  readonly attemptEnd: Channel<"myelin:attempt:end">;
  readonly linkUp: Channel<"myelin:link:up">;
  readonly linkDown: Channel<"myelin:link:down">;
  readonly requestStart: Channel<"myelin:request:start">;
  readonly requestEnd: Channel<"myelin:request:end">;
}

function channelsOf(diagnostics: Diagnostics): Channels {
  return {
    state: diagnostics.channel("myelin:connection:state"),
    event: diagnostics.channel("myelin:connection:event"),
    attemptStart: diagnostics.channel("myelin:attempt:start"),
    attemptEnd: diagnostics.channel("myelin:attempt:end"),
    linkUp: diagnostics.channel("myelin:link:up"),
    linkDown: diagnostics.channel("myelin:link:down"),
    requestStart: diagnostics.channel("myelin:request:start"),
    requestEnd: diagnostics.channel("myelin:request:end"),
  };
}

export class ConnectionDiagnostics implements ConnectionObserver {
  readonly #source: DiagnosticsSource;
  readonly #clock: Clock;
  readonly #channels: Channels;
  #requests = 0;

  constructor(channels: Channels, source: DiagnosticsSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#channels = channels;
  }

  transition(from: State, to: State): void {
    if (this.#channels.state.hasSubscribers)
      this.#channels.state.publish({ ...this.#source, from: from.kind, to: to.kind });
    if (!this.#channels.linkUp.hasSubscribers && !this.#channels.linkDown.hasSubscribers) return;
    const before = "link" in from ? from : undefined;
    const after = "link" in to ? to : undefined;
    if (before?.link === after?.link) return;
    if (before !== undefined && this.#channels.linkDown.hasSubscribers) {
      const error = "ended" in to ? to.ended?.error : undefined;
      this.#channels.linkDown.publish({
        ...this.#source,
        epoch: before.link.epoch,
        server: addressOf(before.server),
        error: error ?? (to.kind === "closed" ? to.reason : undefined),
      });
    }
    if (after !== undefined && this.#channels.linkUp.hasSubscribers) {
      const { link, server } = after;
      this.#channels.linkUp.publish({
        ...this.#source,
        epoch: link.epoch,
        server: addressOf(server),
        address: link.remoteAddress,
      });
    }
  }

  event(event: StatusEvent): void {
    if (!this.#channels.event.hasSubscribers) return;
    // Spelled out, for there are many: spreading takes ten times as long.
    const { connection, name } = this.#source;
    this.#channels.event.publish({ connection, name, event });
  }

  attempt(attempt: number, server: string): (failure?: unknown) => void {
    const begin = this.#clock.now();
    const { connection, name } = this.#source;
    if (this.#channels.attemptStart.hasSubscribers)
      this.#channels.attemptStart.publish({ connection, name, attempt, server });
    return (failure) => {
      if (!this.#channels.attemptEnd.hasSubscribers) return;
      const known = failure instanceof AttemptFailure ? failure : undefined;
      this.#channels.attemptEnd.publish({
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
    if (!this.#channels.requestStart.hasSubscribers && !this.#channels.requestEnd.hasSubscribers) return undefined;
    const begin = this.#clock.now();
    this.#requests += 1;
    const about = { ...this.#source, request: this.#requests, subject };
    this.#channels.requestStart.publish(about);
    const end = (error: Error | undefined): void =>
      this.#channels.requestEnd.publish({ ...about, ms: this.#clock.now() - begin, error });
    return (answer) =>
      void answer.then(
        () => end(undefined),
        (cause: unknown) => end(errorOf(cause)),
      );
  }
}
