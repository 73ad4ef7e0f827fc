// From server to server: asks the pool whom to dial, runs the attempts, builds links and replaces lost ones, through the state
// machine and nowhere else. It knows nothing of subjects, subscriptions or requests; its host does.

import { type Clock, InvalidArgumentError, type Random, type Transport, TransportError } from "@myelin/contracts";
import { type Decoder, ProtocolError, type ServerInfo } from "@myelin/protocol";
import { type Decision, type PoolChange, type ServerFailure, ServerPool, type ServerView } from "@myelin/server-pool";
import type { ResolvedOptions } from "../connection-options.js";
import { type Deferred, deferred } from "../deferred.js";
import {
  AuthorizationError,
  CallbackError,
  ClosedConnectionError,
  type ConnectAttempt,
  ConnectError,
  ConnectionError,
  errorOf,
  StaleConnectionError,
  TimeoutError,
} from "../errors.js";
import type { Status } from "../status.js";
import type { Traffic } from "../traffic.js";
import { ConnectionStateMachine, type State } from "./connection-state.js";
import { AttemptFailure, type ClientIdentity, type Greeting, shakeHands } from "./handshake.js";
import { Link } from "./link.js";

/** Attempts a ConnectError remembers. */
const REMEMBERED_ATTEMPTS = 64;

/** Milliseconds a user's `close()` leaves the transport to flush. */
const CLOSE_GRACE = 50;

/** What a session needs from outside. */
export interface SessionRuntime {
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: ClientIdentity;
}

/** Whom a session works for; none of it throws. */
export interface SessionHost {
  readonly traffic: Traffic;
  /** A link is up: everything that must precede other traffic is written in here. */
  linked(link: Link): void;
  /** The link is gone. */
  unlinked(link: Link, error: Error): void;
  /** Closed for good. */
  ended(reason: Error | undefined): void;
  message(cursor: Decoder): void;
  serverError(text: string): Error | undefined;
  emit(status: Status): void;
}

export class Session {
  /** Resolves with the first link; rejects with the reason of closing before it. */
  readonly ready: Deferred<void> = deferred();
  /** Resolves when everything is released, with the reason. */
  readonly ended: Deferred<Error | undefined> = deferred<Error | undefined>();
  readonly #options: ResolvedOptions;
  readonly #runtime: SessionRuntime;
  readonly #host: SessionHost;
  readonly #transports: ReadonlyMap<string, Transport>;
  readonly #pool: ServerPool;
  readonly #machine: ConnectionStateMachine;
  readonly #triedFirst = new Set<number>();
  #attempts: ConnectAttempt[] = [];
  #attemptCount = 0;
  #closing: Promise<void> = Promise.resolve();
  #cancelDeadline: () => void = () => {};
  // Set when the deadline of connect() has passed while an attempt was under way, until that attempt has ended.
  #expired: TimeoutError | undefined;

  /** @throws InvalidArgumentError for a server nothing can dial */
  constructor(options: ResolvedOptions, runtime: SessionRuntime, host: SessionHost) {
    this.#options = options;
    this.#runtime = runtime;
    this.#host = host;
    this.#transports = new Map(
      [...runtime.transports, ...options.transports].flatMap((one) =>
        one.schemes.map((scheme) => [scheme, one] as const),
      ),
    );
    if (this.#transports.size === 0)
      throw new InvalidArgumentError("transports", "is empty; give at least one transport");
    this.#pool = new ServerPool(
      {
        servers: options.servers,
        schemes: [...this.#transports.keys()],
        randomize: options.randomize,
        gossip: options.gossip,
        maxAttempts: options.maxReconnectAttempts,
        backoff: options.backoff,
        firstAttemptJitter: options.firstAttemptJitter,
        strategy: options.strategy,
        abortOnRepeatedAuthError: options.abortOnRepeatedAuthError,
      },
      runtime.random,
    );
    this.#machine = new ConnectionStateMachine((from, to) => this.#announce(from, to));
  }

  get state(): State {
    return this.#machine.state;
  }

  /** The link, while there is one. */
  get link(): Link | undefined {
    const { state } = this.#machine;
    return "link" in state ? state.link : undefined;
  }

  get pool(): ServerPool {
    return this.#pool;
  }

  /** Begins to connect. */
  start(): void {
    const { deadline, signal } = this.#options;
    if (deadline !== undefined) {
      this.#cancelDeadline = this.#runtime.clock.after(deadline, () => this.#expire(deadline));
    }
    if (signal !== undefined) {
      const abort = (): void => this.close(errorOf(signal.reason));
      const cancelDeadline = this.#cancelDeadline;
      this.#cancelDeadline = () => {
        cancelDeadline();
        signal.removeEventListener("abort", abort);
      };
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
    }
    if (this.#machine.state.kind === "idle") this.#advance(undefined);
  }

  /** Drops the link, or cuts a wait short, and dials again. */
  reconnect(): void {
    const { state } = this.#machine;
    if (state.kind === "connected") {
      this.#host.emit({ type: "forceReconnect" });
      this.#pool.wakeNow(this.#now());
      state.link.fail(new ConnectionError("reconnect() was called"));
    } else if (state.kind === "waiting") {
      this.#host.emit({ type: "forceReconnect" });
      this.#pool.wakeNow(this.#now());
      this.#advance(undefined);
    }
  }

  /** Keeps the link but no longer replaces it. Only while connected. */
  drain(): void {
    const { state } = this.#machine;
    if (state.kind === "connected") this.#machine.to({ ...state, kind: "draining" });
  }

  /** Ends for good: in order without a reason, at once with one. Does nothing when it has ended. */
  close(reason?: Error, cause?: Error): void {
    if (this.#machine.state.kind === "closed") return;
    this.#machine.to({ kind: "closed", reason, cause });
  }

  setServers(servers: string | readonly string[]): void {
    this.#tellChange(this.#pool.replace(servers));
  }

  // --- attempts ------------------------------------------------------------------------------------------------------

  #expire(deadline: number): void {
    const { state } = this.#machine;
    this.#expired = new TimeoutError("connect()", deadline);
    // An attempt under way ends first: how far it had come tells best why there is no connection.
    if (state.kind === "dialing") state.abort(this.#expired);
    else this.#giveUpExpired(this.#expired, undefined);
  }

  #giveUpExpired({ timeout }: TimeoutError, cause: Error | undefined): void {
    this.close(new ConnectError(`not connected within ${timeout} ms`, this.#attempts), cause);
  }

  #advance(cause: Error | undefined): void {
    const decision = this.#pool.decide(this.#now());
    this.#tellIncidents();
    if (decision.kind === "give-up") this.#giveUp(decision, cause);
    else if (this.#triesOnce() && (decision.kind === "wait" || this.#triedFirst.has(decision.server.id))) {
      this.#giveUp(undefined, cause);
    } else if (decision.kind === "wait") this.#wait(decision.until, cause);
    else this.#dial(decision.server, cause);
  }

  // firstConnect "fail": every server once, then no more.
  #triesOnce(): boolean {
    return this.#host.traffic.connects === 0 && this.#options.firstConnect === "fail";
  }

  #giveUp(decision: Extract<Decision, { kind: "give-up" }> | undefined, cause: Error | undefined): void {
    const summary = this.#host.traffic.connects === 0 ? "could not connect" : "gave up reconnecting";
    const why = decision === undefined ? "" : ` (${decision.reason})`;
    this.close(new ConnectError(summary + why, this.#attempts), cause);
  }

  #wait(until: number, cause: Error | undefined): void {
    const leave = this.#runtime.clock.after(until - this.#now(), () => this.#advance(undefined));
    this.#machine.to({ kind: "waiting", until, cause, leave });
  }

  #dial(server: ServerView, cause: Error | undefined): void {
    const { clock, identity } = this.#runtime;
    const { timeout } = this.#options;
    const transport = this.#transports.get(server.url.scheme);
    const begin = this.#now();
    const abort = new AbortController();
    const cancel = clock.after(timeout, () =>
      abort.abort(new TimeoutError(`connecting to ${server.url.href}`, timeout)),
    );
    const leave = (): void => {
      cancel();
      abort.abort(new ConnectionError("the attempt was called off"));
    };
    const state = { kind: "dialing", server, cause, abort: (error: Error) => abort.abort(error), leave } as const;
    this.#attemptCount++;
    this.#triedFirst.add(server.id);
    this.#pool.dialing(server.id, begin);
    this.#machine.to(state);
    // A listener of the event just told may have closed us.
    if (this.#machine.state !== state || transport === undefined) return;
    const learned = (info: ServerInfo): void => this.#learn(server, info);
    shakeHands(transport, server, this.#attemptCount, this.#options, identity, abort.signal, learned).then(
      (greeting) => {
        if (this.#machine.state === state) this.#greeted(server, greeting);
        else greeting.connection.destroy();
      },
      (cause: unknown) => {
        if (this.#machine.state === state) this.#failed(server, errorOf(cause), begin);
      },
    );
  }

  #failed(server: ServerView, failure: Error, begin: number): void {
    const known = failure instanceof AttemptFailure;
    const error = known ? failure.cause : failure;
    const now = this.#now();
    const attempt: ConnectAttempt = {
      server: server.url.href,
      address: known ? failure.address : undefined,
      phase: known ? failure.phase : "tcp",
      error,
      ms: Math.round(now - begin),
    };
    this.#attempts = [...this.#attempts.slice(1 - REMEMBERED_ATTEMPTS), attempt];
    this.#pool.failed(server.id, { kind: failureKind(attempt), error }, now);
    if (this.#expired === undefined) this.#advance(error);
    else this.#giveUpExpired(this.#expired, error);
  }

  // --- links ---------------------------------------------------------------------------------------------------------

  #greeted(server: ServerView, greeting: Greeting): void {
    const { clock } = this.#runtime;
    const { maxBufferedBytes, maxPingOut, pedantic, pingInterval } = this.#options;
    const { traffic } = this.#host;
    let toldLameDuck = false;
    const link = new Link(
      greeting.connection,
      greeting.decoder,
      greeting.info,
      { clock, maxBufferedBytes, maxPingOut, pedantic, pingInterval, traffic },
      {
        message: (cursor) => this.#host.message(cursor),
        serverError: (text) => this.#host.serverError(text),
        ping: (pendingPings) => this.#host.emit({ type: "ping", pendingPings }),
        info: (info) => {
          this.#learn(server, info);
          if (info.ldm !== true || toldLameDuck) return;
          toldLameDuck = true;
          this.#pool.lameDuck(server.id, this.#now());
          this.#host.emit({ type: "ldm", server: addressOf(server) });
        },
        lost: (error) => this.#lost(server, link, error),
      },
    );
    this.#pool.connected(server.id, this.#now());
    this.#cancelDeadline();
    this.#expired = undefined;
    this.#attempts = [];
    traffic.connects++;
    this.#machine.to({
      kind: "connected",
      server,
      link,
      leave: (next) => {
        if ("link" in next && next.link === link) return;
        const error = new ClosedConnectionError("an operation in flight");
        if (next.kind === "closed" && next.reason === undefined) this.#closing = link.close(CLOSE_GRACE, error);
        else link.destroy(error);
      },
    });
    this.ready.resolve();
    // What came with the PONG is handled after everybody knows of the link.
    greeting.handOver(link);
    link.pump();
  }

  #lost(server: ServerView, link: Link, error: Error): void {
    if (error instanceof StaleConnectionError) this.#host.emit({ type: "staleConnection" });
    this.#host.unlinked(link, error);
    this.#pool.lost(server.id, error, this.#now());
    if (this.#machine.state.kind === "connected" && this.#options.reconnect) this.#advance(error);
    else this.close(error, error);
  }

  // --- gossip and events ---------------------------------------------------------------------------------------------

  #learn(server: ServerView, info: ServerInfo): void {
    const overWebSocket = server.url.scheme === "ws" || server.url.scheme === "wss";
    const urls = overWebSocket ? info.ws_connect_urls : info.connect_urls;
    // What a server teaches over TLS is never dialled without it, though both are written nats:// (SEED-25).
    const overTls = info.tls_required === true && this.#options.tlsMode !== "never" && this.#transports.has("tls");
    this.#tellChange(this.#pool.advertise(urls, server.id, this.#now(), overTls));
    this.#tellIncidents();
  }

  #tellChange({ added, deleted }: PoolChange): void {
    if (added.length + deleted.length === 0) return;
    this.#host.emit({ type: "update", added: [...added], deleted: [...deleted] });
  }

  #tellIncidents(): void {
    for (const incident of this.#pool.takeIncidents()) {
      this.#host.emit({ type: "error", error: new CallbackError("server pool", undefined, incident) });
    }
  }

  // The one place where transitions become status events, and where the host is told of links and of the end.
  #announce(from: State, to: State): void {
    const cause = "cause" in to ? to.cause : undefined;
    if ((from.kind === "connected" || from.kind === "draining") && cause !== undefined) {
      this.#host.emit({ type: "disconnect", server: addressOf(from.server), error: cause });
    } else if (from.kind === "dialing" && cause !== undefined) {
      this.#host.emit({ type: "attemptFailed", server: addressOf(from.server), error: cause });
    }
    // A listener may have closed the connection; then that was announced already.
    if (this.#machine.state !== to) return;
    const { connects } = this.#host.traffic;
    if (to.kind === "dialing" && connects > 0) {
      this.#host.emit({ type: "reconnecting", server: addressOf(to.server), attempt: this.#attemptCount });
    } else if (to.kind === "connected") {
      this.#host.linked(to.link);
      if (this.#machine.state !== to) return;
      this.#host.emit({ type: connects === 1 ? "connect" : "reconnect", server: addressOf(to.server) });
    } else if (to.kind === "closed") this.#finish(to.reason);
  }

  #finish(reason: Error | undefined): void {
    this.#cancelDeadline();
    this.#host.ended(reason);
    this.#host.emit({ type: "close", error: reason });
    this.ready.reject(reason ?? new ClosedConnectionError("connect()"));
    void this.#closing.then(() => this.ended.resolve(reason));
  }

  #now(): number {
    return this.#runtime.clock.now();
  }
}

/** `host:port`, as `getServer()` and the events name a server; the path of a unix socket. */
export function addressOf({ url }: ServerView): string {
  return url.href.replace(/^[a-z]+:\/\//, "");
}

function failureKind({ error, phase }: ConnectAttempt): ServerFailure["kind"] {
  if (error instanceof TimeoutError) return "timeout";
  if (error instanceof AuthorizationError || error instanceof CallbackError) return "auth";
  if (phase === "tls") return "tls";
  if (error instanceof ProtocolError) return "protocol";
  if (error instanceof TransportError) return "network";
  return phase === "info" || phase === "ping" ? "refused-by-server" : "network";
}
