// What an application holds: one logical connection over any number of links. Joins the session with the parts that publish, receive
// and ask; each of them knows only what it needs of the others.

import { type HistoryEntry, isNatsError, type NatsError } from "@myelin/contracts";
import type { Payload, ServerInfo } from "@myelin/protocol";
import { positive } from "./argument-checks.js";
import { type Bounds, bounded, checkedBounds } from "./bounded.js";
import { type PoolServer, poolServerOf } from "./compatibility/server.js";
import { ConnectionParts } from "./connection-parts.js";
import { deferred, observed } from "./deferred.js";
import type { ConnectionDiagnosticsMaker, ConnectionRuntime } from "./diagnostics.js";
import { type DrainReport, drainAndClose } from "./draining.js";
import { ClosedConnectionError, DrainingConnectionError, errorOf } from "./errors.js";
import { History } from "./history.js";
import type { LogOpener } from "./log.js";
import type { Msg, PublishOptions } from "./messaging/message.js";
import type { RequestManyOptions } from "./messaging/request-many.js";
import type { RequestOptions } from "./messaging/requesting.js";
import type { Subscription } from "./messaging/subscription.js";
import type { SubscriptionOptions } from "./messaging/subscription-options.js";
import type { ConnectionObserver } from "./observer.js";
import { located, locating, traced } from "./operation-facts.js";
import { untilWritable } from "./publishing/until-writable.js";
import type { ResolvedOptions } from "./resolved-options.js";
import { addressOf } from "./session/announcements.js";
import type { ConnectionState } from "./session/connection-state.js";
import type { Link } from "./session/link.js";
import { Session } from "./session/session.js";
import type { SessionRuntime } from "./session/session-host.js";
import type { Status, StatusOf, StatusType } from "./status.js";
import { StatusFeed } from "./status-feed.js";
import { noTraffic, type Stats, type Traffic } from "./traffic.js";

/** A connection to a NATS cluster. It survives outages until it is closed, drained, or out of the attempts it was given. */
export class NatsConnection implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #runtime: SessionRuntime;
  readonly #session: Session;
  readonly #parts: ConnectionParts;
  readonly #observer: ConnectionObserver | undefined;
  readonly #history: History;
  readonly #status: StatusFeed;
  readonly #traffic: Traffic = noTraffic();
  #drain: Promise<DrainReport> | undefined;

  /** For `connect()`; throws InvalidArgumentError before anything is dialled. */
  constructor(options: ResolvedOptions, runtime: ConnectionRuntime) {
    this.#options = options;
    this.#runtime = runtime;
    const diagnose = runtime.diagnostics as ConnectionDiagnosticsMaker | undefined;
    const diagnostics = diagnose?.({ connection: this, name: options.name }, runtime.clock);
    const log = options.log as LogOpener | undefined;
    const observer: ConnectionObserver | undefined = log?.open(options.name, runtime.clock, diagnostics) ?? diagnostics;
    this.#observer = observer;
    this.#history = new History(runtime.clock, observer?.step?.bind(observer));
    this.#status = new StatusFeed((status) => observer?.event(status));
    const parts = new ConnectionParts(options, {
      clock: runtime.clock,
      traffic: this.#traffic,
      publish: (subject, payload, more) => this.publish(subject, payload, more),
      subscribe: (subject, more) => this.subscribe(subject, more),
      links: () => this.#session.links,
      left: () => this.#session.left,
      server: () => this.getServer() || undefined,
      emit: (status) => this.#status.emit(status),
    });
    this.#parts = parts;
    this.#session = new Session(options, runtime, {
      traffic: this.#traffic,
      observer,
      history: this.#history,
      linked: (link) => parts.linked(link),
      unlinked: (link, error) => parts.unlinked(link, error),
      ended: (reason) => parts.ended(reason),
      handOver: (from, to) => parts.handovers.begin(from, to),
      leaving: (link) => parts.handovers.leave(link),
      message: (cursor, link) => parts.handovers.message(cursor, link),
      serverError: (text, epoch) => parts.serverError(text, epoch),
      emit: (status, before) => this.#status.emit(status, before),
    });
    this.#session.start();
  }

  // --- state ---------------------------------------------------------------------------------------------------------

  /** The state the connection is in now; see `transitions` for what may follow. */
  get state(): ConnectionState {
    return this.#session.state.kind;
  }

  /** Resolves with the first link, rejects with what closed the connection before: ConnectError, the signal's reason, ClosedConnectionError. */
  get ready(): Promise<void> {
    return this.#session.ready.promise;
  }

  /** The latest INFO of the server we are linked to, `undefined` while there is none. */
  get info(): ServerInfo | undefined {
    return this.#session.link?.info;
  }

  /** True once it is closed for good; the same as `state === "closed"`. */
  isClosed(): boolean {
    return this.state === "closed";
  }

  /** True while it drains; no new work is taken then. */
  isDraining(): boolean {
    return this.state === "draining";
  }

  /** Resolves when the connection is closed and everything released: with the error that ended it, else with undefined. */
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of nats.js
  closed(): Promise<void | Error> {
    return this.#session.ended.promise;
  }

  /** `host:port` of the server we are linked to, or an empty string. */
  getServer(): string {
    const { state } = this.#session;
    return "link" in state ? addressOf(state.server) : "";
  }

  /** Every server of the pool: origin, state, failures, when it may be dialled, and why it was or was not chosen last. */
  getServers(): readonly PoolServer[] {
    return this.#session.pool.snapshot().map(poolServerOf);
  }

  /** Replaces the whole pool; the link stays. Throws InvalidArgumentError, and changes nothing, for a bad list; closed: ClosedConnectionError. */
  setServers(servers: string | readonly string[]): void {
    if (this.isClosed()) throw new ClosedConnectionError("setServers()");
    this.#session.setServers(servers);
  }

  /** Status events from now on. An iterator nobody reads holds the last 128, and says with a `gap` event what it dropped. */
  status(): AsyncIterableIterator<Status> {
    const events = this.#status.iterate();
    if (this.isClosed()) void events.return?.();
    return events;
  }

  /** Calls `listener` for every event of one type; returns a function that stops it. Throws InvalidArgumentError for no type. */
  on<T extends StatusType>(type: T, listener: (status: StatusOf<T>) => void): () => void {
    return this.#status.on(type, listener);
  }

  /**
   * The latest control traffic of this connection, over all its attempts and links, 200 entries at most, the oldest first; no
   * messages, and nothing secret. `nc.history().join("\n")` is text. An error that ends the connection has it as `history`.
   */
  history(): readonly HistoryEntry[] {
    return this.#history.entries();
  }

  /** Messages and bytes of the whole connection, over all its links; a copy. */
  stats(): Stats {
    return { ...this.#traffic, reconnects: Math.max(0, this.#traffic.connects - 1) };
  }

  // --- publishing ----------------------------------------------------------------------------------------------------

  /**
   * Publishes a message; the payload is copied. Without a link `whileDisconnected` decides.
   *
   * @returns false when more waits for the socket than is good: `await nc.writable()` before the next one
   * @throws InvalidSubjectError, MaxPayloadError, InvalidArgumentError, ReconnectBufferFullError, BufferedBytesError,
   *   DisconnectedError, DrainingConnectionError, ClosedConnectionError; nothing was sent or kept then
   */
  publish(subject: string, payload?: Payload, options?: PublishOptions): boolean {
    this.#parts.publishTraces?.remember(subject, this.publish);
    return this.#parts.publishing.publish(subject, payload, options);
  }

  /**
   * Publishes and resolves when the server has accepted the message: not denied by a permission before the PONG behind it.
   * Without a link it waits for the next one; until it settles the payload must not be changed. At most once all the same: it
   * says nothing about subscribers.
   *
   * Rejects with PermissionViolationError, DisconnectedError (it may or may not have arrived), TimeoutError, the signal's
   * reason, or what `publish` throws.
   */
  publishConfirmed(subject: string, payload?: Payload, options: PublishOptions & Bounds = {}): Promise<void> {
    const { clock } = this.#runtime;
    const begin = clock.now();
    const { sites } = this.#parts;
    const site = sites.of(this.publishConfirmed);
    let stop: AbortSignal | undefined;
    // A signal's reason is the caller's, and may be that of many calls.
    const ours = (error: unknown): error is NatsError => isNatsError(error) && error !== stop?.reason;
    const work = observed(async () => {
      const { signal, timeout, ...publishOptions } = options;
      stop = signal;
      const bounds = checkedBounds({ signal, timeout }, "publishConfirmed()");
      const what = `publish to "${subject}"`;
      const confirmed = this.#parts.confirmations.confirm(
        subject,
        () => this.#link(what, bounds),
        () => this.publish(subject, payload, publishOptions),
        (work) => bounded(work, bounds, what, clock),
      );
      const facts = () => ({ subject, server: this.getServer() || undefined, elapsedMs: clock.now() - begin });
      await locating(confirmed, facts, site, ours);
    });
    return traced(work, sites.wanted, site, ours);
  }

  /** Publishes `msg` again: its subject, reply, headers and data. */
  publishMessage(msg: Msg): void {
    this.publish(msg.subject, msg.data, { reply: msg.reply, headers: msg.headers });
  }

  /** Publishes `msg`'s headers and data to its reply subject; false when it has none. */
  respondMessage(msg: Msg): boolean {
    const { reply } = msg;
    if (reply === undefined) return false;
    this.publish(reply, msg.data, { headers: msg.headers });
    return true;
  }

  /** Bytes accepted and not yet given to the operating system, kept ones included. */
  get bufferedBytes(): number {
    return (this.#session.link?.bufferedBytes ?? 0) + this.#parts.publishing.keptBytes;
  }

  /** Resolves when a publisher may go on: at once, when the backlog is gone, or with the next link, should this one be lost meanwhile. */
  writable(bounds: Bounds = {}): Promise<void> {
    const next = (within: Bounds): Link | Promise<Link> => this.#link("writable()", within);
    const goesOn = (link: Link): boolean => !this.isClosed() && this.#session.link !== link;
    return observed(() => untilWritable(next, goesOn, bounds, this.#runtime.clock));
  }

  /**
   * Resolves when the server has processed everything published before; without a link, everything kept, with the next one.
   * Rejects with DisconnectedError when the link is lost first.
   */
  flush(bounds: Bounds = {}): Promise<void> {
    return observed(async () => {
      const { clock } = this.#runtime;
      const within = checkedBounds(bounds, "flush()");
      const link = this.#link("flush()", within);
      const done = link instanceof Promise ? link.then((next) => next.roundTrip()) : link.roundTrip();
      await bounded(done, within, "flush()", clock);
    });
  }

  /** Milliseconds to the server and back, over what is queued. */
  rtt(bounds: Bounds = {}): Promise<number> {
    return observed(async () => {
      const begin = this.#runtime.clock.now();
      await this.flush(bounds);
      return this.#runtime.clock.now() - begin;
    });
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /**
   * Subscribes. Returns at once; `flush()` behind it is the proof that the server knows. Survives reconnects.
   *
   * @throws InvalidSubjectError, InvalidArgumentError, DrainingConnectionError, ClosedConnectionError
   */
  subscribe(subject: string, options: SubscriptionOptions = {}): Subscription {
    this.#requireOpen(`subscribe to "${subject}"`);
    return this.#parts.receiving.subscribe(subject, options);
  }

  /**
   * Publishes and resolves with the first answer. Rejects with NoRespondersError, TimeoutError, PermissionViolationError,
   * DisconnectedError (`sent` tells whether the request may have arrived), the signal's reason, or what `publish` throws.
   * Made during an outage it is kept like a publish, within its own time-out.
   */
  request(subject: string, payload?: Payload, options: RequestOptions = {}): Promise<Msg> {
    const told = this.#observer?.request(subject);
    let answer: Promise<Msg>;
    try {
      this.#requireOpen(`request to "${subject}"`);
      answer = this.#parts.requesting.request(subject, payload, options, this.request);
    } catch (cause) {
      answer = observed(() => Promise.reject(this.#located(cause, subject, options)));
    }
    told?.(answer);
    return answer;
  }

  /**
   * Publishes and resolves with the answers, to be iterated once, as they come: until `maxWait` has passed, or an earlier
   * condition of `options` holds, or the loop is left. Rejects when nothing was sent. The iteration throws, after the answers
   * received, NoRespondersError, PermissionViolationError, DisconnectedError, ClosedConnectionError or the signal's reason.
   * Answers nobody takes are kept within the connection's `pending` bounds. ADR-47.
   */
  requestMany(subject: string, payload?: Payload, options: RequestManyOptions = {}): Promise<AsyncIterable<Msg>> {
    try {
      this.#requireOpen(`request to "${subject}"`);
      return Promise.resolve(this.#parts.requesting.requestMany(subject, payload, options));
    } catch (cause) {
      return observed(() => Promise.reject(this.#located(cause, subject, options)));
    }
  }

  // --- ending --------------------------------------------------------------------------------------------------------

  /**
   * Drops the link and dials again, or cuts a wait short. Resolves at once; listen for `reconnect`.
   *
   * With `graceful` it connects to another server first (to the same one where there is no other), moves everything there, and only
   * then leaves the present one: nothing in flight fails, and nobody is told of a disconnect. Resolves when it has moved;
   * rejects when it has not, and the link stays. What a subscriber sees of it is told in the README, "Moving".
   */
  reconnect({ graceful = false }: { readonly graceful?: boolean | undefined } = {}): Promise<void> {
    return observed(async () => {
      this.#requireOpen("reconnect()");
      if (graceful) await this.#session.move();
      else this.#session.reconnect();
    });
  }

  /**
   * Ends in order: no more messages from the server, those received are handled, everything published is sent, then closed.
   * Waits for what callbacks and `process()` handlers promised and for iterators somebody reads. Always settles, by `timeout`
   * at the latest, or when `signal` aborts, and always ends closed; rejects with DrainError, which reports the same numbers, when
   * something was left. May be repeated: every call tells what the first one does, whose bounds count. ClosedConnectionError when it was
   * closed without; the reason of a signal that is aborted already, and nothing is drained.
   */
  drain(): Promise<void>;
  drain(bounds: Bounds): Promise<DrainReport>;
  drain(bounds: Bounds = {}): Promise<unknown> {
    return observed(async () => {
      if (this.#drain === undefined && this.isClosed()) throw new ClosedConnectionError("drain()");
      const timeout = positive("timeout", bounds.timeout, this.#options.drainTimeout);
      const { signal } = checkedBounds(bounds, "drain()");
      if (this.#drain === undefined) {
        const { promise, resolve, reject } = deferred<DrainReport>();
        // Known before it begins: a listener that is told of the close may call again.
        this.#drain = promise;
        this.#drainWithin({ timeout, signal }).then(resolve, reject);
      }
      return this.#drain;
    });
  }

  #drainWithin(bounds: Bounds): Promise<DrainReport> {
    const { publishing, receiving } = this.#parts;
    return drainAndClose(
      {
        clock: this.#runtime.clock,
        link: this.#session.link,
        keptMessages: () => publishing.keptMessages,
        subscriptions: () => receiving.all(),
        lost: this.#parts.drainSignal(),
        begin: () => {
          this.#session.drain();
          this.#parts.stopRepeating();
        },
        refusePublishes: () => publishing.refuse(() => new DrainingConnectionError("publish")),
        close: () => this.close(),
      },
      bounds,
    );
  }

  /** Sends what is queued, ends everything and resolves when all is released, within 100 ms. May be repeated. */
  async close(): Promise<void> {
    this.#session.close();
    await this.#session.ended.promise;
  }

  /** Drains. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.isClosed() ? Promise.resolve() : this.drain();
  }

  /** What it is and how it stands, for logs; no credentials. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { name } = this.#options;
    return { name, state: this.state, server: this.getServer() || undefined, servers: this.getServers().length };
  }

  // --- checks --------------------------------------------------------------------------------------------------------

  #requireOpen(what: string): void {
    if (this.isClosed()) throw new ClosedConnectionError(what);
    if (this.isDraining()) throw new DrainingConnectionError(what);
  }

  #link(what: string, bounds: Bounds): Link | Promise<Link> {
    if (this.isClosed()) throw new ClosedConnectionError(what);
    return this.#session.link ?? this.#parts.nextLink.wait(what, bounds);
  }

  #located(cause: unknown, subject: string, options: Bounds | null): unknown {
    const signal = options?.signal;
    if (signal?.aborted === true && cause === signal.reason) return cause;
    return located(errorOf(cause), { subject, server: this.getServer() || undefined, elapsedMs: 0 }, undefined);
  }
}
