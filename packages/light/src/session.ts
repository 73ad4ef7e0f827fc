// From server to server: asks the list whom to dial, makes links and replaces lost ones, through the state machine and nowhere else.
// Tells what happens as status events. It knows no subscription and no request.

import { type ConnectionState, type State, stateMachine } from "./connection-state.js";
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
import { type Link, type LinkHost, openLink } from "./link.js";
import type { Dialling } from "./page-socket.js";
import { AuthorizationError } from "./server-error.js";
import { type Server, serverList } from "./server-list.js";
import type { Shared } from "./shared.js";

/** Milliseconds a user's `close()` leaves the transport to flush. */
const CLOSE_GRACE = 50;

/** Attempts a ConnectError remembers. */
const REMEMBERED_ATTEMPTS = 64;

/** What ended before: a link that was lost, or an attempt that failed. */
interface Ended {
  readonly server: Server;
  readonly error: Error;
}

export interface Session {
  /** Resolves with the first link; rejects with the reason of closing before it. */
  readonly ready: Deferred<void>;
  /** Resolves when everything is released, with the reason. */
  readonly ended: Deferred<Error | undefined>;
  state(): ConnectionState;
  /** The link, while there is one that is up. */
  link(): Link | undefined;
  /** Begins to connect. */
  start(): void;
  /** Keeps the link but no longer replaces it. */
  drain(link: Link): void;
  /** Ends for good: in order without a reason, at once with one. Does nothing when it has ended. */
  close(reason?: Error): void;
}

/** @throws InvalidArgumentError for a server nothing can dial */
export function session(shared: Shared): Session {
  const { clock, emit, options } = shared;
  const transports = new Map(shared.transports.flatMap((one) => one.schemes.map((scheme) => [scheme, one] as const)));
  const servers = serverList(options, [...transports.keys()], shared.random);
  const ready = deferred();
  const ended = deferred<Error | undefined>();
  const machine = stateMachine();
  // Servers tried in this round of the first connect, and whether they refused us.
  const tried = new Map<Server, boolean>();
  let attempts: ConnectAttempt[] = [];
  let attemptCount = 0;
  // Number of the latest link.
  let epoch = 0;
  let lameDuck: Link | undefined;
  let stopWaking: (() => void) | undefined;

  const state = (): ConnectionState => machine.state().kind;
  const isOn = (link: Link): boolean => {
    const present = machine.state();
    return "link" in present && present.link === link;
  };

  const to = (next: State, end: Ended | undefined, released?: (link: Link) => void): void => {
    const type = state() === "dialing" ? "attemptFailed" : "disconnect";
    const callOff = (link: Link): void => link.destroy(new ConnectionError("the attempt was called off"));
    machine.to(next, released ?? callOff);
    if (end !== undefined) emit({ type, epoch, server: end.server.address, error: end.error });
    if (next.kind === "dialing" && epoch > 0 && machine.state() === next) {
      const { number, server } = next.link;
      emit({ type: "reconnecting", epoch, server: server.address, attempt: number });
    }
  };

  const close = (reason?: Error, end?: Ended): void => {
    if (reason === undefined) shared.outbox.flush(true);
    if (state() === "closed") return;
    const closed = new ClosedConnectionError("an operation in flight");
    let closing: Promise<void> | undefined;
    to({ kind: "closed" }, end, (link) => {
      if (reason === undefined && link.isUp()) closing = link.close(CLOSE_GRACE, closed);
      else link.destroy(closed);
    });
    stopWaking?.();
    shared.ended(reason);
    void Promise.resolve(closing).then(() => {
      ready.reject(reason ?? closed);
      emit({ type: "close", error: reason });
      ended.resolve(reason);
    });
  };

  // What is next, when no attempt is under way.
  const advance = (end?: Ended): void => {
    const now = clock.now();
    const decision = servers.decide(now);
    const first = epoch === 0;
    let over = first && servers.all().every((server) => tried.has(server));
    if (over && options.retries && ![...tried.values()].includes(true)) {
      tried.clear();
      over = false;
    }
    if (over || decision === undefined) {
      close(new ConnectError(first ? "could not connect" : "gave up reconnecting", attempts), end);
    } else if ("waitUntil" in decision) {
      to({ kind: "waiting", cancel: clock.after(decision.waitUntil - now, advance) }, end);
    } else {
      const server = decision.dial;
      servers.dialling(server, now);
      const link = openLink(shared, server, ++attemptCount, host);
      to({ kind: "dialing", link }, end);
      // Called off already when a listener of what was just told has closed us.
      void link.dial(transports.get(server.scheme) as Dialling);
    }
  };

  const woken = new ConnectionError("the network may be back, so the attempt is made anew");

  // The network may be back: nobody waits any longer, a link is asked for a sign of life, and an attempt is made anew.
  const wake = (): void => {
    const present = machine.state();
    if (present.kind === "waiting") {
      servers.wake();
      advance();
    } else if (!("link" in present)) return;
    else if (present.link.isUp()) present.link.probe();
    else if (epoch > 0 || options.retries) present.link.fail(woken);
  };

  const host: LinkHost = {
    learned(link) {
      const { info, server } = link;
      const urls = (server.webSocket ? info["ws_connect_urls"] : undefined) ?? info["connect_urls"];
      const change = servers.advertise(urls, server);
      if (change.added.length + change.deleted.length > 0) emit({ type: "update", ...change });
      if (info.ldm !== true || lameDuck === link || !link.isUp()) return;
      lameDuck = link;
      emit({ type: "ldm", epoch, server: server.address });
    },
    up(link) {
      const { server } = link;
      servers.connected(server, clock.now());
      attempts = [];
      link.epoch = ++epoch;
      to({ kind: "connected", link }, undefined);
      shared.linked(link);
      ready.resolve();
      emit({ type: epoch === 1 ? "connect" : "reconnect", epoch, server: server.address });
    },
    failed({ server }, attempt) {
      const { error } = attempt;
      attempts = [...attempts, attempt].slice(-REMEMBERED_ATTEMPTS);
      if (error === woken) servers.wake();
      else {
        const auth = error instanceof AuthorizationError || error instanceof CallbackError;
        server.authError = auth ? error : undefined;
        tried.set(server, isRefusal(attempt));
        servers.failed(server, auth, clock.now());
      }
      advance({ server, error });
    },
    lost(link, error) {
      const { server } = link;
      shared.unlinked(error);
      if (error instanceof StaleConnectionError && isOn(link)) emit({ type: "staleConnection", epoch });
      servers.lost(server, clock.now());
      // A listener of what was just told may have closed us, or begun to drain.
      if (!isOn(link)) return;
      if (state() === "draining" || !options.reconnect) close(error, { server, error });
      else advance({ server, error });
    },
  };

  return {
    ready,
    ended,
    state,
    link() {
      const present = machine.state();
      return "link" in present && present.link.isUp() ? present.link : undefined;
    },
    start() {
      const { signal } = options;
      const abort = (): void => close(errorOf(signal?.reason));
      const detach = (): void => signal?.removeEventListener("abort", abort);
      ready.promise.then(detach, detach);
      stopWaking = shared.wake(wake);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
      else advance();
    },
    drain(link) {
      machine.to({ kind: "draining", link }, () => {});
    },
    close,
  };
}
