// From server to server: asks the pool whom to dial, runs the attempts, builds links, replaces lost ones and leaves those that are
// about to go, through the state machine and nowhere else. It knows nothing of subjects, subscriptions or requests; its
// host does.

import type { Transport } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import type { PoolChange, ServerPool, ServerView } from "@myelin/server-pool";
import { type Deferred, deferred } from "../deferred.js";
import {
  CallbackError,
  ClosedConnectionError,
  ConnectionError,
  errorOf,
  type ServerResolutionError,
  StaleConnectionError,
} from "../errors.js";
import type { ResolvedOptions } from "../resolved-options.js";
import { announce } from "./announce-transition.js";
import { addressOf } from "./announcements.js";
import { type Connected, ConnectionStateMachine, type Ended, type State } from "./connection-state.js";
import { Dialer, transportsByScheme } from "./dialer.js";
import type { Greeting } from "./handshake.js";
import { Link } from "./link.js";
import type { Move } from "./move.js";
import { Moving } from "./moving.js";
import type { Reason } from "./pongs.js";
import { type Seeding, seedingOf } from "./seeding.js";
import type { SessionHost, SessionRuntime } from "./session-host.js";
import { advertisedBy, poolOf } from "./session-pool.js";

/** Milliseconds a user's `close()` leaves the transport to flush. */
const CLOSE_GRACE = 50;

/** Milliseconds a link we have moved away from gets to deliver the rest. */
const LEAVE_GRACE = 2_000;

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
  readonly #dialer: Dialer;
  readonly #moving: Moving;
  readonly #seeding: Seeding | undefined;
  // Moved away from, and not closed yet.
  readonly #leaving = new Map<Link, Promise<void>>();
  #closing: Promise<void> = Promise.resolve();
  #latestInfo: ServerInfo | undefined;
  #cancelDeadline: () => void = () => {};
  #stopWaking: () => void = () => {};

  /** @throws InvalidArgumentError for a server nothing can dial */
  constructor(options: ResolvedOptions, runtime: SessionRuntime, host: SessionHost) {
    this.#options = options;
    this.#runtime = runtime;
    this.#host = host;
    this.#transports = transportsByScheme([...runtime.transports, ...options.transports]);
    this.#pool = poolOf(options, [...this.#transports.keys()], runtime.random, () => this.#latestInfo);
    this.#machine = new ConnectionStateMachine((from, to) => {
      announce(from, to, host, () => this.#machine.state);
      if (to.kind === "closed") this.#finish(to.reason);
    });
    this.#seeding = seedingOf(options, runtime, this.#pool, {
      answered: (change) => this.#reseeded(change),
      failed: (error, ms) => this.#unresolved(error, ms),
    });
    this.#dialer = new Dialer({
      options,
      clock: runtime.clock,
      identity: runtime.identity,
      transports: this.#transports,
      pool: this.#pool,
      machine: this.#machine,
      traffic: host.traffic,
      observer: host.observer,
      history: host.history,
      seeding: this.#seeding,
      learned: (server, info) => this.#learn(server, info),
      warned: (error) => host.emit({ type: "error", error }),
      greeted: (server, greeting) => this.#greeted(server, greeting),
      asked: () => this.#tellIncidents(),
    });
    this.#moving = new Moving({
      options,
      clock: runtime.clock,
      random: runtime.random,
      pool: this.#pool,
      machine: this.#machine,
      dialer: this.#dialer,
      link: (server, greeting) => this.#link(server, greeting),
      handOver: (from, to) => host.handOver(from, to),
      moving: ({ link, server }, move) => this.#machine.to(this.#connectedState(server, link, move, undefined)),
      arrived: (server, link) => {
        host.traffic.connects++;
        this.#connected(server, link, undefined);
      },
      failed: (server, error) =>
        host.emit({ type: "attemptFailed", epoch: this.#epoch, server: addressOf(server), error }),
      asked: () => this.#tellIncidents(),
    });
  }

  get state(): State {
    return this.#machine.state;
  }

  /** The link, while there is one. */
  get link(): Link | undefined {
    const { state } = this.#machine;
    return "link" in state ? state.link : undefined;
  }

  /** The links that must know of every subscription: one, none, or two while the connection moves. */
  get links(): readonly Link[] {
    const { state } = this.#machine;
    if (!("link" in state)) return [];
    const next = state.kind === "connected" ? state.move?.next : undefined;
    return next === undefined ? [state.link] : [state.link, next.link];
  }

  /** Resolves when nothing more comes from links we have moved away from. */
  get left(): Promise<unknown> {
    return Promise.all(this.#leaving.values());
  }

  get pool(): ServerPool {
    return this.#pool;
  }

  /** Begins to connect. */
  start(): void {
    const { deadline, signal } = this.#options;
    this.#stopWaking = this.#runtime.wake?.(() => this.#wake()) ?? this.#stopWaking;
    if (deadline !== undefined) {
      this.#cancelDeadline = this.#runtime.clock.after(deadline, () => this.#dialer.expire(deadline));
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
    if (this.#machine.state.kind !== "idle") return;
    this.#seeding?.ask();
    this.#dialer.start(undefined);
  }

  /** Drops the link, or cuts a wait short, and dials again. */
  reconnect(): void {
    const { state } = this.#machine;
    if (state.kind !== "connected" && state.kind !== "waiting") return;
    this.#host.emit({ type: "forceReconnect", epoch: this.#epoch });
    // A listener may have closed us, or lost the link. One that began a move changes nothing: the link is still to go.
    const present = this.#machine.state;
    if (present.kind !== state.kind || this.link !== ("link" in state ? state.link : undefined)) return;
    this.#pool.wakeNow(this.#now());
    if (present.kind === "connected") present.link.fail(new ConnectionError("reconnect() was called"));
    else this.#dialer.start(undefined);
  }

  /** Moves to another server, or to a new link to the same one; the link is left when the new one has taken over. */
  move(): Promise<void> {
    return this.#moving.request();
  }

  // The network may be back.
  #wake(): void {
    const { state } = this.#machine;
    if (state.kind === "connected") state.link.probe();
    else {
      this.#seeding?.ask();
      this.#dialer.wake();
    }
  }

  /** Keeps the link but no longer replaces it. Only while connected. */
  drain(): void {
    const { state } = this.#machine;
    if (state.kind !== "connected") return;
    const { leave, link, server } = state;
    this.#machine.to({ kind: "draining", link, server, leave });
  }

  /** Ends for good: in order without a reason, at once with one. Does nothing when it has ended. */
  close(reason?: Error, ended?: Ended): void {
    if (this.#machine.state.kind === "closed") return;
    this.#machine.to({ kind: "closed", reason, ended });
  }

  setServers(servers: string | readonly string[]): void {
    const change = this.#pool.replace(servers);
    this.#seeding?.stop();
    this.#reseeded(change);
  }

  // --- links ---------------------------------------------------------------------------------------------------------

  #greeted(server: ServerView, greeting: Greeting): void {
    const link = this.#link(server, greeting);
    this.#cancelDeadline();
    this.#dialer.succeeded();
    this.#host.traffic.connects++;
    this.#connected(server, link, undefined);
    this.#settleReady();
    this.#moving.review();
    this.#moving.renewBefore(greeting.expiry);
    // What came with the PONG is handled after everybody knows of the link.
    greeting.handOver(link);
    link.pump();
  }

  #link(server: ServerView, greeting: Greeting): Link {
    const { clock } = this.#runtime;
    const { maxBufferedBytes, maxPingOut, pedantic, pingInterval } = this.#options;
    const { traffic } = this.#host;
    const epoch = this.#epoch + 1;
    const note = this.#host.history.of({ epoch, server: addressOf(server) });
    let toldLameDuck = false;
    const link: Link = new Link(
      greeting.connection,
      greeting.decoder,
      greeting.info,
      { clock, epoch, maxBufferedBytes, maxPingOut, note, pedantic, pingInterval, traffic },
      {
        message: (cursor) => this.#host.message(cursor, link),
        serverError: (text) => this.#host.serverError(text, epoch),
        ping: (pendingPings) => {
          if (this.link === link) this.#host.emit({ type: "ping", epoch, pendingPings });
        },
        info: (info) => {
          this.#learn(server, info);
          if (info.ldm !== true || toldLameDuck) return;
          toldLameDuck = true;
          this.#lameDuck(server, link);
        },
        measured: (rtt) => this.#pool.measured(server.id, rtt, this.#now()),
        lost: (error) => this.#lost(server, link, error),
      },
    );
    this.#pool.connected(server.id, this.#now());
    this.#pool.identified(server.id, greeting.info.server_id, greeting.connection.remoteAddress, this.#now());
    return link;
  }

  #connected(server: ServerView, link: Link, ended: Ended | undefined): void {
    this.#machine.to(this.#connectedState(server, link, undefined, ended));
  }

  #connectedState(server: ServerView, link: Link, move: Move | undefined, ended: Ended | undefined): Connected {
    const leave = (next: State): void => {
      if (move !== undefined && !(next.kind === "connected" && next.move === move)) {
        move.cancel(new ConnectionError("the move to another server was called off"));
      }
      if ("link" in next && next.link === link) return;
      const inFlight: Reason = () => new ClosedConnectionError("a call in flight");
      if (next.kind === "closed" && next.reason === undefined) this.#closing = link.close(CLOSE_GRACE, inFlight);
      else if (next.kind === "connected" && next.ended === undefined) this.#leave(server, link, next.server);
      else link.destroy(inFlight);
    };
    return { kind: "connected", server, link, ended, move, leave };
  }

  // Both links are up and the other one has taken over.
  #leave(server: ServerView, link: Link, successor: ServerView): void {
    if (server.id !== successor.id) this.#pool.left(server.id, this.#now());
    const left = this.#host
      .leaving(link)
      .then(() => link.close(LEAVE_GRACE, () => new ConnectionError("the connection has moved to another server")))
      .finally(() => this.#leaving.delete(link));
    this.#leaving.set(link, left);
  }

  #lost(server: ServerView, link: Link, error: Error): void {
    const { state } = this.#machine;
    if (!("link" in state) || this.#leaving.has(link)) return;
    if (state.link !== link) {
      if (state.kind === "connected") state.move?.lost(link, error);
      return;
    }
    this.#host.unlinked(link, error);
    if (error instanceof StaleConnectionError && this.link === link) {
      this.#host.emit({ type: "staleConnection", epoch: link.epoch });
    }
    this.#pool.lost(server.id, error, this.#now());
    // A listener of what was just told may have closed us, or begun to drain.
    const present = this.#machine.state;
    if (!("link" in present) || present.link !== link) return;
    const ended = { server, error };
    if (present.kind !== "connected" || !this.#options.reconnect) this.close(error, ended);
    else if (present.move?.next === undefined) {
      this.#seeding?.ask();
      this.#dialer.start(ended);
    } else this.#promote(present.move, present.move.next, ended);
  }

  // --- moving --------------------------------------------------------------------------------------------------------

  #lameDuck(server: ServerView, link: Link): void {
    this.#pool.lameDuck(server.id, this.#now());
    // Not of a link that is not yet, or no longer, the one we are on.
    if (this.link === link) this.#host.emit({ type: "ldm", epoch: link.epoch, server: addressOf(server) });
    this.#moving.review();
  }

  // The link is lost, and the one we were moving to is up.
  #promote(move: Move, next: { readonly server: ServerView; readonly link: Link }, ended: Ended): void {
    this.#host.traffic.connects++;
    move.promote();
    this.#connected(next.server, next.link, ended);
    this.#moving.promoted();
  }

  // --- gossip and events ---------------------------------------------------------------------------------------------

  #learn(server: ServerView, info: ServerInfo): void {
    this.#latestInfo = info;
    // What a server teaches over TLS is never dialled without it, though both are written nats:// (SEED-25).
    const overTls = info.tls_required === true && this.#options.tlsMode !== "never" && this.#transports.has("tls");
    this.#tellChange(this.#pool.advertise(advertisedBy(server, info), server.id, this.#now(), overTls));
    this.#tellIncidents();
    this.#moving.review();
  }

  #reseeded(change: PoolChange): void {
    this.#tellChange(change);
    this.#moving.review();
    if (this.#seeding !== undefined) this.#dialer.seeded();
  }

  #unresolved(error: ServerResolutionError, ms: number): void {
    this.#host.history.of({ server: "" })("own", "resolveServers failed:", error.message);
    this.#host.emit({ type: "error", error });
    this.#dialer.seeded({ server: "resolveServers", address: undefined, phase: "dns", error, ms });
  }

  #tellChange({ added, deleted }: PoolChange): void {
    if (added.length + deleted.length === 0) return;
    this.#host.emit({ type: "update", added: [...added], deleted: [...deleted] });
  }

  #tellIncidents(): void {
    const incidents = this.#pool.takeIncidents();
    if (incidents.length === 0) return;
    for (const incident of incidents) {
      this.#host.emit({ type: "error", error: new CallbackError("server pool", undefined, incident) });
    }
  }

  #finish(reason: Error | undefined): void {
    this.#cancelDeadline();
    this.#stopWaking();
    this.#moving.stop();
    this.#seeding?.stop();
    for (const link of this.#leaving.keys()) link.destroy(() => new ClosedConnectionError("a call in flight"));
    this.#host.ended(reason);
    this.#host.emit({ type: "close", error: reason });
    // With a link before it, it is settled there.
    if (this.#host.traffic.connects === 0) this.#settleReady();
    void this.#closing.then(() => this.ended.resolve(reason));
  }

  // A listener of the first link may have closed us.
  #settleReady(): void {
    const { state } = this.#machine;
    if (state.kind === "closed") this.ready.reject(state.reason ?? new ClosedConnectionError("ready"));
    else this.ready.resolve();
  }

  // Number of the latest link; 0 before the first.
  get #epoch(): number {
    return this.#host.traffic.connects;
  }

  #now(): number {
    return this.#runtime.clock.now();
  }
}
