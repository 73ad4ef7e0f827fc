// One attempt on one server, from its beginning to a greeting, a failure or being called off: its time-out, and the record of
// how it went. It chooses nothing and knows no other attempt.

import { type Clock, type Transport, TransportError } from "@myelin/contracts";
import { ProtocolError, type ServerInfo } from "@myelin/protocol";
import type { ServerFailure, ServerView } from "@myelin/server-pool";
import {
  AuthorizationError,
  CallbackError,
  type ConnectAttempt,
  ConnectionError,
  errorOf,
  ServerError,
  TimeoutError,
} from "../errors.js";
import type { History } from "../history.js";
import type { ConnectionObserver } from "../observer.js";
import type { ResolvedOptions } from "../resolved-options.js";
import { addressOf } from "./announcements.js";
import {
  AttemptFailure,
  type AttemptListener,
  type ClientIdentity,
  type Greeting,
  type HandshakeUnderWay,
  shakeHands,
} from "./handshake.js";

/** What an attempt needs and whom it tells; none of the functions throws. Exactly one of `greeted` and `failed`, and last. */
export interface AttemptHost {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly identity: ClientIdentity;
  readonly observer: ConnectionObserver | undefined;
  readonly history: History;
  /** The server's INFO, as soon as it is there, also when the server then refuses us. */
  learned(server: ServerView, info: ServerInfo): void;
  /** Something is wrong that the transport could work around. */
  warned(error: TransportError): void;
  greeted(attempt: Attempt, greeting: Greeting): void;
  failed(attempt: Attempt, outcome: ConnectAttempt): void;
}

export class Attempt {
  readonly server: ServerView;
  /** Of this attempt in the life of the connection, from 1. */
  readonly number: number;
  readonly #transport: Transport;
  readonly #abort = new AbortController();
  #handshake: HandshakeUnderWay | undefined;
  #cancelTimeout: () => void = () => {};
  #begin = 0;
  // Nobody once it has ended.
  #host: AttemptHost | undefined;

  constructor(server: ServerView, number: number, transport: Transport, host: AttemptHost) {
    this.server = server;
    this.number = number;
    this.#transport = transport;
    this.#host = host;
  }

  /** Dials, unless it was called off before. */
  begin(): void {
    if (this.#host === undefined) return;
    const { clock, history, identity, observer, options } = this.#host;
    const { number, server } = this;
    this.#begin = clock.now();
    this.#cancelTimeout = clock.after(options.timeout, () =>
      this.fail(new TimeoutError(`connecting to ${server.url.href}`, options.timeout)),
    );
    const note = history.of({ attempt: number, server: addressOf(server) });
    const listener: AttemptListener = {
      learned: (info) => this.#host?.learned(server, info),
      warned: (error) => this.#host?.warned(error),
      note,
      wallTime: () => clock.wallTime(),
      endOfTurn: (run) => clock.endOfTurn(run),
    };
    note("own", "dial", server.url.href);
    const ended = observer?.attempt(number, addressOf(server));
    const handshake = shakeHands(this.#transport, server, number, options, identity, this.#abort.signal, listener);
    this.#handshake = handshake;
    handshake.greeting.promise.then(
      (greeting) => {
        ended?.();
        this.#greeted(greeting);
      },
      (cause: unknown) => {
        const phase = cause instanceof AttemptFailure ? ` in phase ${cause.phase}` : "";
        note("own", `failed${phase}:`, errorOf(cause).message);
        ended?.(cause);
        this.#failed(errorOf(cause));
      },
    );
  }

  /** Makes it fail with this error. */
  fail(error: Error): void {
    // By hand: one listener to the signal less, which is what takes long of it.
    this.#handshake?.fail(error);
    this.#abort.abort(error);
  }

  /** Ends it: nothing of it is heard again, and nothing of it stays open. False when it had ended already. */
  callOff(): boolean {
    if (this.#end() === undefined) return false;
    this.fail(new ConnectionError("the attempt was called off"));
    return true;
  }

  #greeted(greeting: Greeting): void {
    const host = this.#end();
    if (host === undefined) greeting.connection.destroy();
    else host.greeted(this, greeting);
  }

  #failed(failure: Error): void {
    const host = this.#end();
    if (host === undefined) return;
    const known = failure instanceof AttemptFailure;
    host.failed(this, {
      server: this.server.url.href,
      address: known ? failure.address : undefined,
      phase: known ? failure.phase : "tcp",
      error: known ? failure.cause : failure,
      ms: Math.round(host.clock.now() - this.#begin),
    });
  }

  #end(): AttemptHost | undefined {
    const host = this.#host;
    this.#host = undefined;
    this.#cancelTimeout();
    return host;
  }
}

/** What the pool makes of a failed attempt. */
export function failureKind({ error, phase }: ConnectAttempt): ServerFailure["kind"] {
  if (error instanceof TimeoutError) return "timeout";
  if (error instanceof AuthorizationError || error instanceof CallbackError) return "auth";
  if (phase === "tls") return "tls";
  if (error instanceof ServerError) return "refused-by-server";
  if (error instanceof ProtocolError) return "protocol";
  if (error instanceof TransportError) return "network";
  return phase === "info" || phase === "auth" || phase === "ping" ? "refused-by-server" : "network";
}
