// From server to server: asks the list whom to dial, makes links and replaces lost ones, through the state machine and nowhere else.
// Tells what happens as status events. It knows no subscription and no request; its host does.

import { type Clock, InvalidArgumentError, type Random } from "@myelin/contracts";
import { type ConnectionState, type State, StateMachine } from "./connection-state.js";
import { type Deferred, deferred } from "./deferred.js";
import {
  CallbackError,
  ClosedConnectionError,
  type ConnectAttempt,
  ConnectError,
  ConnectionError,
  errorOf,
  isRefusal,
  StaleConnectionError,
} from "./errors.js";
import { Link, type LinkHost, type ServerInfo } from "./link.js";
import type { ResolvedOptions } from "./options.js";
import type { Dialling } from "./page-socket.js";
import { AuthorizationError, ServerError } from "./server-error.js";
import { type Server, ServerList } from "./server-list.js";
import type { StatusEvent } from "./status.js";

/** Milliseconds a user's `close()` leaves the transport to flush. */
const CLOSE_GRACE = 50;

/** Attempts a ConnectError remembers. */
const REMEMBERED_ATTEMPTS = 64;

/** What a session needs, and whom it tells; no function throws. */
export interface SessionHost extends Pick<LinkHost, "message" | "control" | "drained"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly transports: readonly Dialling[];
  readonly wake: ((run: () => void) => () => void) | undefined;
  /** A link is up: what must precede other traffic is queued in here, before anybody is told. */
  linked(link: Link): void;
  unlinked(error: Error): void;
  /** Hands everything queued to the transport, because the link is about to be closed. */
  flush(): void;
  ended(reason: Error | undefined): void;
  serverError(text: string, epoch: number): Error | undefined;
  emit(status: StatusEvent): void;
}

/** What ended before: a link that was lost, or an attempt that failed. */
interface Ended {
  readonly server: Server;
  readonly error: Error;
}

export class Session {
  /** Resolves with the first link; rejects with the reason of closing before it. */
  readonly ready: Deferred<void> = deferred();
  /** Resolves when everything is released, with the reason. */
  readonly ended: Deferred<Error | undefined> = deferred<Error | undefined>();
  readonly #options: ResolvedOptions;
  readonly #host: SessionHost;
  readonly #transports: ReadonlyMap<string, Dialling>;
  readonly #servers: ServerList;
  readonly #machine = new StateMachine();
  readonly #linkHost: LinkHost;
  // Servers tried in this round of the first connect, and whether they refused us.
  readonly #tried = new Map<Server, boolean>();
  #attempts: ConnectAttempt[] = [];
  #attemptCount = 0;
  /** Number of the latest link. */
  #epoch = 0;
  #lameDuck: Link | undefined;
  // What an attempt ends with that is under way when the network comes back.
  readonly #woken = new ConnectionError("the network may be back, so the attempt is made anew");
  #stop: () => void = () => {};

  /** @throws InvalidArgumentError for a server nothing can dial */
  constructor(options: ResolvedOptions, host: SessionHost) {
    this.#options = options;
    this.#host = host;
    this.#transports = new Map(host.transports.flatMap((one) => one.schemes.map((scheme) => [scheme, one] as const)));
    const schemes = [...this.#transports.keys()];
    if (schemes.length === 0) throw new InvalidArgumentError("transports", "is empty");
    this.#servers = new ServerList(options, schemes, host.random);
    this.#linkHost = {
      ...host,
      options,
      info: (link, info) => this.#learn(link, info),
      up: (link) => this.#up(link),
      failed: (link, attempt) => this.#failed(link, attempt),
      lost: (link, error) => this.#lost(link, error),
      serverError: (text) => host.serverError(text, this.#epoch),
      ping: (pendingPings) => host.emit({ type: "ping", epoch: this.#epoch, pendingPings }),
    };
  }

  get kind(): ConnectionState {
    return this.#machine.state.kind;
  }

  /** The link, while there is one that is up. */
  get link(): Link | undefined {
    const { state } = this.#machine;
    return "link" in state && state.link.alive ? state.link : undefined;
  }

  /** Begins to connect. */
  start(): void {
    const { signal } = this.#options;
    const stopWaking = this.#host.wake?.(() => this.#wake());
    const abort = (): void => this.close(errorOf(signal?.reason));
    const detach = (): void => signal?.removeEventListener("abort", abort);
    this.ready.promise.then(detach, detach);
    this.#stop = () => stopWaking?.();
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    else this.#advance(undefined);
  }

  /** Keeps the link but no longer replaces it. */
  drain(link: Link): void {
    this.#machine.to({ kind: "draining", link }, () => {});
  }

  /** Ends for good: in order without a reason, at once with one. Does nothing when it has ended. */
  close(reason?: Error, ended?: Ended): void {
    if (reason === undefined) this.#host.flush();
    if (this.kind === "closed") return;
    let closing: Promise<void> | undefined;
    const closed = new ClosedConnectionError("an operation in flight");
    this.#to({ kind: "closed" }, ended, (link) => {
      if (reason === undefined && link.alive) closing = link.close(CLOSE_GRACE, closed);
      else link.destroy(closed);
    });
    this.#stop();
    this.#host.ended(reason);
    void Promise.resolve(closing).then(() => {
      this.ready.reject(reason ?? new ClosedConnectionError("connect()"));
      this.#host.emit({ type: "close", error: reason });
      this.ended.resolve(reason);
    });
  }

  #to(next: State, ended: Ended | undefined, released?: (link: Link) => void): void {
    const dialing = this.kind === "dialing";
    const left = (link: Link): void => link.destroy(new ConnectionError("the attempt was called off"));
    this.#machine.to(next, released ?? left);
    const { emit } = this.#host;
    const epoch = this.#epoch;
    if (ended !== undefined) {
      const { error, server } = ended;
      emit({ type: dialing ? "attemptFailed" : "disconnect", epoch, server: server.url.address, error });
    }
    if (next.kind === "dialing" && epoch > 0 && this.#machine.state === next) {
      const { number, server } = next.link;
      emit({ type: "reconnecting", epoch, server: server.url.address, attempt: number });
    }
  }

  // What is next, when no attempt is under way.
  #advance(ended: Ended | undefined): void {
    const { clock } = this.#host;
    const { retries } = this.#options;
    const now = clock.now();
    const decision = this.#servers.decide(now);
    const first = this.#epoch === 0;
    const roundOver = first && this.#servers.all.every((server) => this.#tried.has(server));
    if (roundOver && retries && ![...this.#tried.values()].includes(true)) this.#tried.clear();
    else if (roundOver || decision === undefined) {
      const why = first ? "could not connect" : "gave up reconnecting";
      return this.close(new ConnectError(why, this.#attempts), ended);
    }
    if (decision === undefined) return;
    if ("waitUntil" in decision) {
      const cancel = clock.after(decision.waitUntil - now, () => this.#advance(undefined));
      return this.#to({ kind: "waiting", cancel }, ended);
    }
    const server = decision.dial;
    this.#servers.dialling(server, now);
    const link = new Link(server, ++this.#attemptCount, this.#linkHost);
    this.#to({ kind: "dialing", link }, ended);
    // Called off already when a listener of what was just told has closed us.
    void link.dial(this.#transports.get(server.url.scheme) as Dialling);
  }

  #up(link: Link): void {
    const { emit, linked } = this.#host;
    this.#servers.connected(link.server, this.#host.clock.now());
    this.#attempts = [];
    const epoch = ++this.#epoch;
    this.#to({ kind: "connected", link }, undefined);
    linked(link);
    this.ready.resolve();
    emit({ type: epoch === 1 ? "connect" : "reconnect", epoch, server: link.server.url.address });
  }

  #failed(link: Link, attempt: ConnectAttempt): void {
    const { server } = link;
    const { error, phase } = attempt;
    this.#attempts = [...this.#attempts, attempt].slice(-REMEMBERED_ATTEMPTS);
    if (error === this.#woken) this.#servers.wake();
    else {
      const auth = error instanceof AuthorizationError || error instanceof CallbackError;
      server.authError = auth ? error : undefined;
      this.#tried.set(server, isRefusal(attempt));
      const sentAway = auth || error instanceof ServerError || phase === "info" || phase === "ping";
      this.#servers.failed(server, auth, sentAway, this.#host.clock.now());
    }
    this.#advance({ server, error });
  }

  #lost(link: Link, error: Error): void {
    const { server } = link;
    const present = (): boolean => {
      const { state } = this.#machine;
      return "link" in state && state.link === link;
    };
    this.#host.unlinked(error);
    if (error instanceof StaleConnectionError && present()) {
      this.#host.emit({ type: "staleConnection", epoch: this.#epoch });
    }
    this.#servers.lost(server, this.#host.clock.now());
    // A listener of what was just told may have closed us, or begun to drain.
    if (!present()) return;
    if (this.kind === "draining" || !this.#options.reconnect) this.close(error, { server, error });
    else this.#advance({ server, error });
  }

  // The network may be back: nobody waits any longer, a link is asked for a sign of life, and an attempt is made anew.
  #wake(): void {
    const { state } = this.#machine;
    if (this.link !== undefined) return this.link.probe();
    if (state.kind === "waiting") {
      this.#servers.wake();
      this.#advance(undefined);
    } else if ("link" in state && (this.#epoch > 0 || this.#options.retries)) state.link.fail(this.#woken);
  }

  #learn(link: Link, info: ServerInfo): void {
    const { emit } = this.#host;
    const { scheme, address } = link.server.url;
    const urls = (/^wss?$/.test(scheme) ? info["ws_connect_urls"] : undefined) ?? info["connect_urls"];
    const overTls = info["tls_required"] === true && this.#transports.has("tls");
    const change = this.#servers.advertise(urls, link.server, overTls);
    if (change.added.length + change.deleted.length > 0) emit({ type: "update", ...change });
    if (info.ldm !== true || this.#lameDuck === link || this.link !== link) return;
    this.#lameDuck = link;
    emit({ type: "ldm", epoch: this.#epoch, server: address });
  }
}
