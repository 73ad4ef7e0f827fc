// The caller's own say in which server is dialled next: asked at every choice, may name any server of the pool and a delay before
// it. Whatever it does, the pool's own choice is there to fall back on. Source: ADR-40, "select server"; decision D13.

import type { Decision } from "./decision.js";
import { PolicyError } from "./errors.js";
import type { ServerView } from "./server.js";

/**
 * Called whenever a server is about to be chosen, with all that are neither connected nor being dialled: the pool's own choice
 * first, then the others in pool order, waits or not. Answers one of them, `{ server, delay }` to wait `delay` ms first, or nothing
 * for the first one.
 *
 * Also called for a move away from a server that leaves, and for {@link ServerPool.alternative}; a delay counts for nothing there, nor
 * is a server that still waits moved to when another one leaves. Moves to a server the strategy prefers, and those of `rebalance`, are not its business.
 *
 * One that throws, answers a promise or a server it was not given, or a delay that is none, is reported through
 * `pool.takeIncidents()`, and the pool's own choice is dialled.
 */
export type ServerSelector = (servers: readonly ServerView[]) => object | null | undefined;

export class ServerSelection {
  readonly #select: ServerSelector | undefined;
  readonly #report: (error: PolicyError) => void;
  #promised: { readonly id: number; readonly at: number } | undefined;

  constructor(select: ServerSelector | undefined, report: (error: PolicyError) => void) {
    this.#select = select;
    this.#report = report;
  }

  /** What was selected with a delay and has not been dialled, while it is still among `idle`. */
  promised(idle: () => readonly ServerView[], now: number): Decision | undefined {
    const promised = this.#promised;
    if (promised === undefined) return undefined;
    const server = idle().find(({ id }) => id === promised.id);
    if (server !== undefined && promised.at > now) return { kind: "wait", until: promised.at, server };
    this.#promised = undefined;
    return server === undefined ? undefined : { kind: "dial", server };
  }

  /** Nothing is promised any more. */
  forget(): void {
    this.#promised = undefined;
  }

  /** Asks the selector, if there is one; `own` is the pool's choice. */
  select(own: ServerView, idle: () => readonly ServerView[], now: number): Decision {
    const { server, delay } = this.#ask(own, idle);
    if (delay === 0) return { kind: "dial", server };
    this.#promised = { id: server.id, at: now + delay };
    return { kind: "wait", until: now + delay, server };
  }

  /** The same for a move from a connection that works, which no delay holds up: the server in use may be about to leave. */
  instead(own: ServerView, idle: () => readonly ServerView[]): ServerView {
    return this.#ask(own, idle).server;
  }

  #ask(own: ServerView, idle: () => readonly ServerView[]): { readonly server: ServerView; readonly delay: number } {
    const fallback = { server: own, delay: 0 };
    if (this.#select === undefined) return fallback;
    const servers = Object.freeze([own, ...idle().filter(({ id }) => id !== own.id)]);
    let answer: unknown;
    try {
      answer = this.#select(servers);
    } catch (cause) {
      this.#refuse("threw", { cause });
      return fallback;
    }
    if (answer === undefined || answer === null) return fallback;
    const { delay = 0, server = answer, then } = answer as { delay?: unknown; server?: unknown; then?: unknown };
    if (typeof then === "function") {
      // Nobody will read it, and it must not end the process.
      void (answer as PromiseLike<unknown>).then(undefined, () => {});
      this.#refuse("answered a promise; it must answer at once");
      return fallback;
    }
    const found = servers.find(({ id }) => id === (server as { id?: unknown } | null)?.id);
    if (found === undefined) this.#refuse("answered a server that is not in the pool");
    else if (typeof delay !== "number" || !Number.isFinite(delay) || delay < 0) {
      this.#refuse(`answered the delay ${String(delay)}, which is no time to wait`);
    } else {
      return { server: found, delay };
    }
    return fallback;
  }

  #refuse(problem: string, options?: ErrorOptions): void {
    this.#report(new PolicyError("selectServer", `${problem}; the pool's own choice is dialled`, options));
  }
}
