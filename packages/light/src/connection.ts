// What an application holds: one logical connection over any number of links. Joins the session with what publishes, receives and
// asks; each of them knows only what it needs of the others.

import type { Clock, Random } from "@myelin/contracts";
import type { ConnectionState } from "./connection-state.js";
import { type Bounds, bound, type Deferred, deferred, observed } from "./deferred.js";
import {
  ClosedConnectionError,
  DrainError,
  DrainingConnectionError,
  errorOf,
} from "./errors.js";
import type { Link, ServerInfo } from "./link.js";
import { type Msg, type Payload, type PublishOptions, ReceivedMessage } from "./message.js";
import { aborting, callable, checked, defaults, nonNegative, pendingOf, positive, type ResolvedOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import type { Dialling } from "./page-socket.js";
import { type RequestOptions, Requests } from "./requests.js";
import { PermissionViolationError, serverErrorOf } from "./server-error.js";
import { Session } from "./session.js";
import { type Status, type StatusEvent, type StatusOf, type StatusType, statusFeed } from "./status.js";
import { checkSubject } from "./subject.js";
import {
  checkMax,
  OwnSubscription,
  type Subscription,
  type SubscriptionHost,
  type SubscriptionOptions,
} from "./subscription.js";
import type { IncomingMessage } from "./wire.js";

/** A connection to a NATS cluster. It survives outages until it is closed, drained, or out of the attempts it was given. */
export interface LightConnection extends AsyncDisposable {
  /** The state the connection is in now. */
  readonly state: ConnectionState;
  /** The latest INFO of the server we are linked to, `undefined` while there is none. */
  readonly info: ServerInfo | undefined;
  /** True once it is closed for good. */
  isClosed(): boolean;
  /** True while it drains. */
  isDraining(): boolean;
  /** Resolves when the connection is closed and everything released: with the error that ended it, else with undefined. */
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of the full client
  closed(): Promise<void | Error>;
  /** `host:port` of the server we are linked to, or an empty string. */
  getServer(): string;
  /** Status events from now on. An iterator nobody reads holds the last 128, and says with a `gap` event what it dropped. */
  status(): AsyncIterableIterator<Status>;
  /** Calls `listener` for every event of one type; returns a function that stops it. Throws InvalidArgumentError for no type. */
  on<T extends StatusType>(type: T, listener: (status: StatusOf<T>) => void): () => void;
  /**
   * Publishes a message; the payload is copied. Without a link it is kept for the next one, within `reconnectBuffer`.
   *
   * @returns false when more waits for the socket than is good: `await nc.writable()` before the next one
   * @throws InvalidSubjectError, MaxPayloadError, InvalidArgumentError, ReconnectBufferFullError, BufferedBytesError,
   *   DrainingConnectionError, ClosedConnectionError; nothing was sent or kept then
   */
  publish(subject: string, payload?: Payload, options?: PublishOptions): boolean;
  /** Resolves when a publisher may go on: at once, or when the backlog is gone, or with the next link. */
  writable(): Promise<void>;
  /**
   * Resolves when the server has processed everything published before; without a link, everything kept, with the next one.
   * Rejects with DisconnectedError when the link is lost first.
   */
  flush(bounds?: Bounds): Promise<void>;
  /** Milliseconds to the server and back, over what is queued. */
  rtt(bounds?: Bounds): Promise<number>;
  /**
   * Subscribes. Returns at once; `flush()` behind it is the proof that the server knows. Survives reconnects.
   *
   * @throws InvalidSubjectError, InvalidArgumentError, DrainingConnectionError, ClosedConnectionError
   */
  subscribe(subject: string, options?: SubscriptionOptions): Subscription;
  /**
   * Publishes and resolves with the first answer. Rejects with NoRespondersError, TimeoutError, PermissionViolationError,
   * DisconnectedError (the link it was sent on is lost), the signal's reason, or what `publish` throws. Made during an outage it is
   * kept like a publish, within its own time-out.
   */
  request(subject: string, payload?: Payload, options?: RequestOptions): Promise<Msg>;
  /**
   * Ends in order: no more messages from the server, those received are handled, everything published is sent, then closed.
   * Always settles, by `timeout` (default 30 000 ms) at the latest, and always ends closed; rejects with DrainError when something was
   * left.
   */
  drain(bounds?: { readonly timeout?: number | undefined }): Promise<void>;
  /** Sends what is queued, ends everything and resolves when all is released, within 100 ms. May be repeated. */
  close(): Promise<void>;
  /** Drains. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a connection needs from outside. */
export interface ConnectionRuntime {
  readonly clock: Clock;
  readonly random: Random;
  readonly transports: readonly Dialling[];
  readonly wake: ((run: () => void) => () => void) | undefined;
}

export class Connection implements LightConnection {
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #status = statusFeed();
  readonly #session: Session;
  readonly #outbox: Outbox;
  readonly #requests: Requests;
  readonly #subscriptions = new Map<number, OwnSubscription>();
  // Ended, and not everything they received was handled.
  readonly #lingering = new Set<OwnSubscription>();
  readonly #subscriptionHost: SubscriptionHost;
  #sids = 0;
  // Who waits for a link.
  #next: Deferred<Link>[] = [];
  #drain: Promise<void> | undefined;
  // Of a drain that is under way: what its end is told when the link is lost, or when somebody closes.
  #drainLost: ((error: Error) => void) | undefined;
  #unsent = 0;
  // Why publishes are refused.
  #refusal: ((what: string) => Error) | undefined;

  /** Begins to connect; throws InvalidArgumentError before anything is dialled. */
  constructor(options: ResolvedOptions, runtime: ConnectionRuntime) {
    const { clock } = runtime;
    const { emit } = this.#status;
    this.#options = options;
    this.#clock = clock;
    const link = (): Link | undefined => this.#session.link;
    const report = (error: Error): void => emit({ type: "error", error });
    this.#outbox = new Outbox(options, {
      clock,
      link,
      dropped: (messages, bytes, reason) => emit({ type: "dropped", messages, bytes, reason }),
    });
    const control = (line: string, quiet?: boolean): void => this.#outbox.control(line, quiet);
    this.#requests = new Requests({
      clock,
      outbox: this.#outbox,
      inboxPrefix: options.inboxPrefix,
      newSid: () => ++this.#sids,
      server: () => this.getServer(),
      publish: this.#publish,
    });
    this.#subscriptionHost = {
      control,
      ended: (one, lingers) => {
        this.#subscriptions.delete(one.getID());
        if (lingers) this.#lingering.add(one);
        else this.#lingering.delete(one);
      },
      barrier: async () => link()?.roundTrip(),
      report,
      slow: (sub) => emit({ type: "slowConsumer", sub, pending: sub.getPending(), dropped: sub.getDropped() }),
    };
    this.#session = new Session(options, {
      ...runtime,
      emit,
      control,
      drained: () => this.#outbox.drained(),
      flush: () => this.#outbox.flush(true),
      message: (message) => this.#deliver(message),
      linked: (up) => {
        const lines = [...this.#requests.lines(), ...[...this.#subscriptions.values()].flatMap((one) => one.lines())];
        this.#outbox.linked(lines, up.info);
        for (const waiter of this.#next.splice(0)) waiter.resolve(up);
      },
      unlinked: (error) => {
        this.#outbox.unlinked();
        this.#unsent = this.#outbox.messages;
        this.#requests.unlinked(error);
        this.#drainLost?.(error);
      },
      ended: (reason) => this.#ended(reason),
      serverError: (text, epoch) => this.#serverError(text, epoch),
    });
    this.#session.start();
  }

  /** Settles with the first link, or with what closed the connection before. */
  get ready(): Promise<void> {
    return this.#session.ready.promise;
  }

  get state(): ConnectionState {
    return this.#session.kind;
  }

  get info(): ServerInfo | undefined {
    return this.#session.link?.info;
  }

  isClosed(): boolean {
    return this.state === "closed";
  }

  isDraining(): boolean {
    return this.state === "draining";
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: the type of the full client
  closed(): Promise<void | Error> {
    return this.#session.ended.promise;
  }

  getServer(): string {
    return this.#session.link?.server.url.address ?? "";
  }

  status(): AsyncIterableIterator<Status> {
    return this.#status.iterate();
  }

  on<T extends StatusType>(type: T, listener: (status: StatusOf<T>) => void): () => void {
    return this.#status.on(type, listener);
  }

  publish(subject: string, payload?: Payload, options?: PublishOptions): boolean {
    return this.#publish(subject, payload, options);
  }

  readonly #publish = (subject: string, payload?: Payload, options: PublishOptions = {}): boolean => {
    if (this.#refusal !== undefined) throw this.#refusal(`publish to "${subject}"`);
    this.#outbox.publish(subject, payload, checked(options, PUBLISH));
    return this.#outbox.roomy;
  };

  writable(): Promise<void> {
    return this.isClosed() ? rejected(new ClosedConnectionError("writable()")) : this.#outbox.writable();
  }

  flush(bounds: Bounds = {}): Promise<void> {
    return observed(this.#flush(bounds));
  }

  async #flush(given: Bounds): Promise<void> {
    const bounds = checked(given, { timeout: nonNegative, signal: aborting });
    bounds.signal?.throwIfAborted();
    if (this.isClosed()) throw new ClosedConnectionError("flush()");
    const wait = deferred();
    const { link } = this.#session;
    const next = deferred<Link>();
    if (link === undefined) this.#next.push(next);
    else next.resolve(link);
    const done = link === undefined ? next.promise.then((up) => up.roundTrip()) : link.roundTrip();
    done.then(wait.resolve, wait.reject);
    await bound(wait, bounds, "flush()", this.#clock);
  }

  async rtt(bounds: Bounds = {}): Promise<number> {
    const begin = this.#clock.now();
    await this.flush(bounds);
    return this.#clock.now() - begin;
  }

  subscribe(subject: string, given: SubscriptionOptions = {}): Subscription {
    this.#requireOpen(`subscribe to "${subject}"`);
    checkSubject(subject, "subscribe subject");
    const options = checked(given, SUBSCRIBE);
    if (options.queue !== undefined) checkSubject(options.queue, "queue");
    checkMax(options.max);
    const limits = pendingOf(options.pending, this.#options.pending);
    const sid = ++this.#sids;
    const subscription = new OwnSubscription(sid, subject, options, limits, this.#subscriptionHost);
    this.#subscriptions.set(sid, subscription);
    for (const line of subscription.lines()) this.#outbox.control(line);
    return subscription;
  }

  request(subject: string, payload?: Payload, options: RequestOptions = {}): Promise<Msg> {
    try {
      this.#requireOpen(`request to "${subject}"`);
      return this.#requests.open(subject, payload, options);
    } catch (cause) {
      return rejected(errorOf(cause));
    }
  }

  drain(bounds: { readonly timeout?: number | undefined } = {}): Promise<void> {
    return observed(this.#drained(bounds));
  }

  async #drained(bounds: { readonly timeout?: number | undefined }): Promise<void> {
    if (this.isClosed()) throw new ClosedConnectionError("drain()");
    const { timeout = defaults.drainTimeout } = checked(bounds, { timeout: positive });
    this.#drain ??= this.#drainWithin(timeout);
    return this.#drain;
  }

  async #drainWithin(timeout: number): Promise<void> {
    const { link } = this.#session;
    const subscriptions = [...this.#subscriptions.values(), ...this.#lingering];
    const processed = (): number => subscriptions.reduce((sum, one) => sum + one.getProcessed(), 0);
    const before = processed();
    const abandon = (): number => subscriptions.reduce((sum, one) => sum + one.abandon(), 0);
    if (link === undefined) {
      const unsent = this.#outbox.messages;
      const abandoned = abandon();
      await this.close();
      if (unsent + abandoned > 0) throw new DrainError("drain(): there was no connection", 0, abandoned, unsent);
      return;
    }
    this.#session.drain(link);
    const wait = deferred();
    this.#drainLost = wait.reject;
    this.#drainOver(link, subscriptions).then(wait.resolve, wait.reject);
    try {
      await bound(wait, { timeout }, "drain()", this.#clock);
    } catch (cause) {
      const unsent = this.#outbox.messages || this.#unsent;
      throw new DrainError(`drain(): ${errorOf(cause).message}`, processed() - before, abandon(), unsent, { cause });
    } finally {
      await this.close();
    }
  }

  async #drainOver(link: Link, subscriptions: readonly OwnSubscription[]): Promise<void> {
    const ended = await Promise.allSettled(subscriptions.map((one) => (one.isClosed() ? one.handled() : one.drain())));
    const failed = ended.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    this.#refusal ??= (what) => new DrainingConnectionError(what);
    await link.roundTrip();
  }

  async close(): Promise<void> {
    this.#session.close();
    await this.#session.ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isClosed()) await this.drain();
  }

  #requireOpen(what: string): void {
    if (this.isClosed()) throw new ClosedConnectionError(what);
    if (this.isDraining()) throw new DrainingConnectionError(what);
  }

  #deliver(message: IncomingMessage): void {
    if (this.#requests.deliver(message)) return;
    // One that has ended may be sent a few more.
    this.#subscriptions.get(message.sid)?.deliver(new ReceivedMessage(message, this.#publish));
  }

  #ended(reason: Error | undefined): void {
    const closed = (what: string): Error => new ClosedConnectionError(what, { cause: reason });
    this.#refusal = closed;
    this.#drainLost?.(closed("drain()"));
    this.#outbox.end(closed);
    this.#requests.reject(({ subject }) => closed(`request to "${subject}"`));
    for (const waiter of this.#next.splice(0)) waiter.reject(closed("flush()"));
    for (const one of [...this.#subscriptions.values(), ...this.#lingering]) {
      one.finish(reason, closed(`drain of "${one.getSubject()}"`));
    }
  }

  // Returns the error when the server will close the link because of it.
  #serverError(text: string, epoch: number): Error | undefined {
    const error = serverErrorOf(text);
    this.#status.emit({ type: "error", error, epoch } satisfies StatusEvent);
    if (!(error instanceof PermissionViolationError)) return error;
    const { operation, queue } = error;
    if (operation === "publish") {
      this.#requests.reject(({ subject }) => (subject === error.subject ? serverErrorOf(text) : undefined));
    } else {
      this.#requests.denied(error.subject, () => serverErrorOf(text));
      for (const one of [...this.#subscriptions.values()]) {
        if (one.getSubject() === error.subject && one.getQueue() === queue) one.fail(error);
      }
    }
    return undefined;
  }
}

const ANY: readonly [string, () => boolean] = ["anything", () => true];
// Subjects, headers and limits are judged where they are used.
const PUBLISH = { reply: ANY, headers: ANY };
const SUBSCRIBE = { queue: ANY, max: ANY, callback: callable, pending: ANY };

function rejected(error: Error): Promise<never> {
  return observed(Promise.reject(error));
}
