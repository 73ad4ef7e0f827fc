// From one server to the next until one answers: asks the pool, runs attempts as the dial plan wants, waits, gives up. It moves the
// state machine between dialing, waiting and closed; what follows a greeting is the session's business.

import { type Clock, InvalidArgumentError, type Transport } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import type { Decision, ServerPool, ServerView } from "@myelin/server-pool";
import { type ConnectAttempt, ConnectError, ConnectionError, TimeoutError } from "../errors.js";
import type { History } from "../history.js";
import type { ConnectionObserver } from "../observer.js";
import type { ResolvedOptions } from "../resolved-options.js";
import type { Traffic } from "../traffic.js";
import { Attempt, type AttemptHost, failureKind } from "./attempt.js";
import type { ConnectionStateMachine, Ended, State } from "./connection-state.js";
import { FirstConnectRound } from "./first-connect.js";
import type { ClientIdentity, Greeting } from "./handshake.js";
import type { Seeding } from "./seeding.js";

/** Attempts a ConnectError remembers. */
const REMEMBERED_ATTEMPTS = 64;

const REFUSED = 'could not connect, and trying again would not help (firstConnectRefused: "retry" does)';

/** What a dialer needs; no function of it throws. */
export interface DialerHost {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly identity: ClientIdentity;
  readonly transports: ReadonlyMap<string, Transport>;
  readonly pool: ServerPool;
  readonly machine: ConnectionStateMachine;
  readonly traffic: Traffic;
  readonly observer: ConnectionObserver | undefined;
  readonly history: History;
  /** What more servers may come from. */
  readonly seeding: Seeding | undefined;
  learned(server: ServerView, info: ServerInfo): void;
  warned(error: Error): void;
  /** A server has answered; the state is still dialing. */
  greeted(server: ServerView, greeting: Greeting): void;
  /** Functions of the caller's may have failed in the pool. */
  asked(): void;
}

/** Which transport dials which scheme, a later one before an earlier. Throws InvalidArgumentError when there is none at all. */
export function transportsByScheme(transports: readonly Transport[]): ReadonlyMap<string, Transport> {
  const found = new Map<string, Transport>();
  for (const one of transports) for (const scheme of one.schemes) found.set(scheme, one);
  if (found.size === 0) throw new InvalidArgumentError("transports", "is empty; give at least one transport");
  return found;
}

export class Dialer {
  readonly #host: DialerHost;
  readonly #triedFirst = new Set<number>();
  readonly #firstRound = new FirstConnectRound();
  #attempts: ConnectAttempt[] = [];
  #attemptCount = 0;
  // Set when the deadline of connect() has passed while an attempt was under way, until that attempt has ended.
  #expired: TimeoutError | undefined;
  // What attempts end with that are under way when the network comes back. Few connections ever need it.
  #woken: ConnectionError | undefined;

  constructor(host: DialerHost) {
    this.#host = host;
  }

  /** Dials what the pool says, after `ended`, with no attempt under way. */
  start(ended: Ended | undefined): void {
    this.#advance(ended, []);
  }

  /** The deadline of `connect()` has passed. */
  expire(deadline: number): void {
    const { state } = this.#host.machine;
    this.#expired = new TimeoutError("connect()", deadline);
    // Attempts under way end first: how far they had come tells best why there is no connection.
    if (state.kind === "dialing") for (const attempt of state.attempts) attempt.fail(this.#expired);
    else this.#giveUpExpired(this.#expired, undefined);
  }

  /** More servers are known, or there are none: whoever waits goes on with what there is. */
  seeded(failure?: ConnectAttempt): void {
    const { kind } = this.#host.machine.state;
    // With a link it is no reason for anything.
    if (failure !== undefined && (kind === "waiting" || kind === "dialing")) this.#note(failure);
    if (kind === "waiting") this.start(undefined);
  }

  /** The network may be back: nobody waits any longer, and attempts, which may hang, are made anew. */
  wake(): void {
    const { clock, machine, pool } = this.#host;
    const { state } = machine;
    if (state.kind === "dialing" && !this.#triesOnce()) {
      this.#woken ??= new ConnectionError("the network may be back, so the attempt is made anew");
      for (const attempt of state.attempts) attempt.fail(this.#woken);
    }
    if (state.kind !== "waiting") return;
    pool.wakeNow(clock.now());
    this.start(undefined);
  }

  /** A link is up: what failed before it is of the past. */
  succeeded(): void {
    this.#expired = undefined;
    this.#attempts = [];
  }

  /** Makes an attempt, not begun, and tells the pool of it. */
  attempt(server: ServerView, outcome: Pick<AttemptHost, "greeted" | "failed">): Attempt {
    const { clock, history, identity, observer, options, pool, transports } = this.#host;
    const transport = transports.get(server.url.scheme);
    if (transport === undefined) throw new Error(`no transport for ${server.url.scheme}: the pool lets none such in`);
    pool.dialing(server.id, clock.now());
    return new Attempt(server, ++this.#attemptCount, transport, {
      clock,
      history,
      identity,
      observer,
      options,
      learned: (from, info) => this.#host.learned(from, info),
      warned: (error) => this.#host.warned(error),
      ...outcome,
    });
  }

  #giveUpExpired({ timeout }: TimeoutError, ended: Ended | undefined): void {
    this.#close(new ConnectError(`not connected within ${timeout} ms`, this.#attempts), ended);
  }

  // What is next, when nothing but `underWay` is.
  #advance(ended: Ended | undefined, underWay: readonly Attempt[]): void {
    const { state } = this.#host.machine;
    const decision = this.#host.pool.decide(this.#host.clock.now());
    this.#host.asked();
    // A listener of what the pool had to tell, or a function of the caller's that it asked, may have closed us.
    if (this.#host.machine.state !== state) return;
    const { pool, seeding } = this.#host;
    const unseeded = decision.kind === "give-up" && decision.reason === "empty-pool" && seeding !== undefined;
    const tried =
      this.#triesOnce() &&
      decision.kind !== "give-up" &&
      (decision.server === undefined
        ? pool.snapshot().every(({ id }) => this.#triedFirst.has(id))
        : this.#triedFirst.has(decision.server.id));
    if (this.#isRefused(decision)) this.#close(new ConnectError(REFUSED, this.#attempts), ended);
    else if (decision.kind === "dial" && !tried) this.#dial(decision.server, underWay, ended);
    else if (underWay.length > 0) this.#await(underWay, ended);
    else if (decision.kind === "wait" && !tried) this.#wait(decision.until, ended);
    else if (seeding?.isAsking === true || (unseeded && !this.#triesOnce()))
      this.#wait(Number.POSITIVE_INFINITY, ended);
    else this.#giveUp(decision.kind === "give-up" ? decision : undefined, ended);
  }

  // firstConnect "fail": every server once, then no more. A wait with a server is reconnectToServer's own.
  #triesOnce(): boolean {
    return this.#host.traffic.connects === 0 && this.#host.options.firstConnect === "fail";
  }

  // firstConnect "retry" and "background": whoever is refused is told, instead of trying for ever.
  #isRefused(decision: Decision): boolean {
    const { options, pool, seeding, traffic } = this.#host;
    if (seeding?.isAsking === true) return false;
    if (traffic.connects > 0 || options.firstConnect === "fail" || options.firstConnectRefused === "retry")
      return false;
    // Without a say of the caller's, the pool dials every server before any of them again.
    const chosen = options.reconnectToServer !== undefined && decision.kind !== "give-up" ? decision.server : undefined;
    return this.#firstRound.isRefused(pool.snapshot(), chosen !== undefined && this.#firstRound.has(chosen));
  }

  #giveUp(decision: Extract<Decision, { kind: "give-up" }> | undefined, ended: Ended | undefined): void {
    const summary = this.#host.traffic.connects === 0 ? "could not connect" : "gave up reconnecting";
    const why = decision === undefined ? "" : ` (${decision.reason})`;
    this.#close(new ConnectError(summary + why, this.#attempts), ended);
  }

  #wait(until: number, ended: Ended | undefined): void {
    const { clock, history, machine } = this.#host;
    // Where there is nobody to dial, an answer of the caller's resolver ends the wait.
    const endless = until === Number.POSITIVE_INFINITY;
    const ms = Math.max(0, Math.ceil(until - clock.now()));
    const leave = endless ? () => {} : clock.after(until - clock.now(), () => this.#advance(undefined, []));
    const waiting: State = { kind: "waiting", until, ended, leave };
    machine.to(waiting);
    // A listener of what ended may have closed us.
    if (machine.state === waiting) history.of({ server: "" })("own", "wait", endless ? "for servers" : `${ms} ms`);
  }

  #dial(server: ServerView, underWay: readonly Attempt[], ended: Ended | undefined): void {
    const attempt = this.attempt(server, {
      greeted: (_, greeting) => this.#host.greeted(server, greeting),
      failed: (failed, outcome) => this.#failed(failed, outcome),
    });
    this.#triedFirst.add(server.id);
    this.#await([...underWay, attempt], ended);
    // Called off already when a listener of the event just told has closed us.
    attempt.begin();
  }

  // Until one of them has ended, or the dial plan wants another one beside them.
  #await(attempts: readonly Attempt[], ended: Ended | undefined): void {
    const { atOnce, stagger } = this.#host.options.dialPlan;
    const cancel =
      attempts.length < atOnce ? this.#host.clock.after(stagger, () => this.#advance(undefined, attempts)) : () => {};
    const leave = (next: State): void => {
      cancel();
      const goingOn = next.kind === "dialing" ? next.attempts : [];
      for (const one of attempts)
        if (!goingOn.includes(one) && one.callOff()) this.#host.pool.left(one.server.id, this.#host.clock.now());
    };
    this.#host.machine.to({ kind: "dialing", attempts, ended, leave });
  }

  #failed(attempt: Attempt, outcome: ConnectAttempt): void {
    const { state } = this.#host.machine;
    if (state.kind !== "dialing") return;
    const { error } = outcome;
    this.#remember(attempt.server, outcome);
    if (error === this.#woken) this.#host.pool.wakeNow(this.#host.clock.now());
    else this.#firstRound.failed(attempt.server, outcome);
    if (!this.#triesOnce()) this.#host.seeding?.serverFailed(attempt.server);
    const ended = { server: attempt.server, error };
    const underWay = state.attempts.filter((one) => one !== attempt);
    if (this.#expired === undefined) this.#advance(ended, underWay);
    else if (underWay.length > 0) this.#await(underWay, ended);
    else this.#giveUpExpired(this.#expired, ended);
  }

  #remember(server: ServerView, outcome: ConnectAttempt): void {
    this.#note(outcome);
    this.#host.pool.failed(server.id, { kind: failureKind(outcome), error: outcome.error }, this.#host.clock.now());
  }

  #note(outcome: ConnectAttempt): void {
    this.#attempts = [...this.#attempts.slice(1 - REMEMBERED_ATTEMPTS), outcome];
  }

  #close(reason: ConnectError, ended: Ended | undefined): void {
    this.#host.machine.to({ kind: "closed", reason, ended });
  }
}
