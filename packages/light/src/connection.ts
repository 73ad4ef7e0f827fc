// What an application holds: one logical connection over any number of links. Joins the session with what publishes, receives and
// asks; each of them knows only what it needs of the others.

import type { ConnectionState } from "./connection-state.js";
import { type Bounds, bound, type Deferred, deferred, observed } from "./deferred.js";
import { ClosedConnectionError, DisconnectedError, DrainError, DrainingConnectionError, errorOf } from "./errors.js";
import type { Link, ServerInfo } from "./link.js";
import { type Msg, type Payload, type PublishOptions, ReceivedMessage } from "./message.js";
import {
  ANY,
  aborting,
  callable,
  checked,
  defaults,
  nonNegative,
  pendingOf,
  positive,
  type ResolvedOptions,
} from "./options.js";
import { outbox } from "./outbox.js";
import { type RequestOptions, requests } from "./requests.js";
import { PermissionViolationError, serverErrorOf } from "./server-error.js";
import { session } from "./session.js";
import type { Runtime, Shared } from "./shared.js";
import { type Status, type StatusOf, type StatusType, statusFeed } from "./status.js";
import { checkSubject } from "./subject.js";
import {
  checkMax,
  type OwnSubscription,
  openSubscription,
  type Subscription,
  type SubscriptionOptions,
} from "./subscription.js";

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
   * left. A second call tells what the first does.
   */
  drain(bounds?: { readonly timeout?: number | undefined }): Promise<void>;
  /** Sends what is queued, ends everything and resolves when all is released, within 100 ms. May be repeated. */
  close(): Promise<void>;
  /** Drains. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Begins to connect; throws InvalidArgumentError before anything is dialled. `ready` settles with the first link, or its failure. */
export function openConnection(
  options: ResolvedOptions,
  runtime: Runtime,
): { readonly connection: LightConnection; readonly ready: Promise<void> } {
  const { clock } = runtime;
  const { emit, iterate, on } = statusFeed();
  // Those that are open, and those that have ended and have not handled everything they received.
  const subscriptions = new Map<number, OwnSubscription>();
  let sids = 0;
  let drain: Promise<void> | undefined;
  // Of a drain that is under way: what its end is told when the link is lost, or when somebody closes.
  let drainLost: ((error: Error) => void) | undefined;
  let unsent = 0;
  // Why publishes are refused.
  let refusal: ((what: string) => Error) | undefined;

  const all = (): OwnSubscription[] => [...subscriptions.values()];

  const shared: Shared = {
    ...runtime,
    options,
    emit,
    // Set below, because they need each other.
    outbox: undefined as never,
    link: () => machine.link(),
    newSid: () => ++sids,
    publish(subject, payload, given = {}) {
      if (refusal !== undefined) throw refusal(`publish to "${subject}"`);
      shared.outbox.add(subject, payload, checked(given, { reply: ANY, headers: ANY }));
      return shared.outbox.isRoomy();
    },
    message(message) {
      // One that has ended may be sent a few more.
      if (!asking.deliver(message))
        subscriptions.get(message.sid)?.deliver(new ReceivedMessage(message, shared.publish));
    },
    refused(text, { epoch }) {
      const error = serverErrorOf(text);
      emit({ type: "error", error, epoch });
      if (!(error instanceof PermissionViolationError)) return error;
      const { operation, queue, subject } = error;
      // An error of its own for each: facts are the request's.
      const another = (): Error => serverErrorOf(text);
      if (operation === "publish") asking.reject((one) => (one === subject ? another() : undefined));
      else {
        asking.denied(subject, another);
        for (const one of all()) if (one.getSubject() === subject && one.getQueue() === queue) one.fail(error);
      }
      return undefined;
    },
    linked(link) {
      shared.outbox.linked(link, [...asking.lines(), ...all().flatMap((one) => one.lines())]);
    },
    unlinked(error) {
      shared.outbox.unlinked();
      unsent = shared.outbox.messages();
      asking.unlinked(error);
      drainLost?.(error);
    },
    ended(reason) {
      const closed = (what: string): Error => new ClosedConnectionError(what, { cause: reason });
      refusal = closed;
      drainLost?.(closed("drain()"));
      asking.reject((subject) => closed(`request to "${subject}"`));
      shared.outbox.end(closed("a wait"));
      for (const one of all()) one.finish(reason, closed(`drain of "${one.getSubject()}"`));
    },
  };
  Object.assign(shared, { outbox: outbox(shared) });
  const asking = requests(shared);
  const machine = session(shared);
  const { close, state } = machine;
  const isClosed = (): boolean => state() === "closed";

  const requireOpen = (what: string, whileDraining?: boolean): void => {
    if (isClosed()) throw new ClosedConnectionError(what);
    if (!whileDraining && state() === "draining") throw new DrainingConnectionError(what);
  };

  const writable = (): Deferred<void> => {
    const writer = deferred();
    shared.outbox.await(writer);
    return writer;
  };

  const flush = async (given: Bounds = {}): Promise<void> => {
    const bounds = checked(given, { timeout: nonNegative, signal: aborting });
    bounds.signal?.throwIfAborted();
    requireOpen("flush()", true);
    const wait = deferred();
    const link = shared.link();
    if (link !== undefined) link.roundTrip().then(wait.resolve, wait.reject);
    else {
      const next = writable();
      const pinged = next.promise.then(() => {
        const present = shared.link();
        if (present === undefined) throw new DisconnectedError("flush(): the link was lost");
        return present.roundTrip();
      });
      pinged.then(wait.resolve, wait.reject);
      const forget = (): void => shared.outbox.forget(next);
      wait.promise.then(forget, forget);
    }
    await bound(wait, bounds, "flush()", clock);
  };

  const closeAll = async (): Promise<void> => {
    close();
    await machine.ended.promise;
  };

  const drained = async (link: Link, ending: readonly OwnSubscription[]): Promise<void> => {
    const ends = await Promise.allSettled(ending.map((one) => (one.isClosed() ? one.handled() : one.drain())));
    const failed = ends.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    refusal ??= (what) => new DrainingConnectionError(what);
    await link.roundTrip();
  };

  const drainWithin = async (timeout: number): Promise<void> => {
    const link = shared.link();
    const ending = all();
    const sum = (of: (one: OwnSubscription) => number): number => ending.reduce((total, one) => total + of(one), 0);
    const processed = (): number => sum((one) => one.getProcessed());
    const abandon = (): number => sum((one) => one.abandon());
    const before = processed();
    const wait = deferred();
    unsent = shared.outbox.messages();
    if (link !== undefined) {
      machine.drain(link);
      drainLost = wait.reject;
      drained(link, ending).then(wait.resolve, wait.reject);
    } else if (unsent + sum((one) => one.getPending()) === 0) wait.resolve();
    else wait.reject(new Error("there was no connection"));
    try {
      await bound(wait, { timeout }, "drain()", clock);
    } catch (cause) {
      const left = shared.outbox.messages() || unsent;
      const lost = { handled: processed() - before, abandoned: abandon(), unsent: left };
      throw new DrainError(`drain(): ${errorOf(cause).message}`, lost, { cause });
    } finally {
      await closeAll();
    }
  };

  const connection: LightConnection = {
    get state() {
      return state();
    },
    get info() {
      return shared.link()?.info;
    },
    isClosed,
    isDraining: () => state() === "draining",
    closed: () => machine.ended.promise,
    getServer: () => shared.link()?.server.address ?? "",
    status: iterate,
    on,
    publish: shared.publish,
    writable: () =>
      observed(async () => {
        requireOpen("writable()", true);
        await writable().promise;
      }),
    flush: (bounds) => observed(() => flush(bounds)),
    async rtt(bounds) {
      const begin = clock.now();
      await flush(bounds);
      return clock.now() - begin;
    },
    subscribe(subject, given = {}) {
      requireOpen(`subscribe to "${subject}"`);
      checkSubject(subject, "subscribe");
      const own = checked(given, { queue: ANY, max: ANY, callback: callable, pending: ANY });
      if (own.queue !== undefined) checkSubject(own.queue, "queue");
      checkMax(own.max);
      const limits = pendingOf(options.pending, own.pending);
      const sid = shared.newSid();
      const opened = openSubscription(shared, sid, subject, own, limits, () => subscriptions.delete(sid));
      subscriptions.set(sid, opened);
      for (const line of opened.lines()) shared.outbox.control(line);
      return opened;
    },
    request: (subject, payload, given = {}) =>
      observed(async () => {
        requireOpen(`request to "${subject}"`);
        return asking.open(subject, payload, given);
      }),
    drain: (bounds = {}) =>
      observed(async () => {
        if (drain === undefined) requireOpen("drain()", true);
        const { timeout = defaults.drainTimeout } = checked(bounds, { timeout: positive });
        drain ??= drainWithin(timeout);
        await drain;
      }),
    close: closeAll,
    [Symbol.asyncDispose]: async () => {
      if (!isClosed()) await connection.drain();
    },
  };
  machine.start();
  return { connection, ready: machine.ready.promise };
}
