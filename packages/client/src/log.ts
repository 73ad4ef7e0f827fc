// A log of what connections do, for a function of the caller's. Hears what diagnostics hear, keeps what its levels let through, and
// disturbs nothing, whatever that function does. Bundled only where it is asked for; what it says is log-lines.ts.

import type { Clock, HistoryEntry } from "@myelin/contracts";
import { callable, choice } from "./argument-checks.js";
import { errorOf, messageOf } from "./errors.js";
import { oneLine } from "./history.js";
import { LOGGED, type LogLevel, type LogNamespace, type LogPlace, placeOf, sentenceOf } from "./log-lines.js";
import type { ConnectionObserver } from "./observer.js";
import { refuseUnknown } from "./option-kinds.js";
import { addressOf } from "./session/announcements.js";
import type { State } from "./session/connection-state.js";
import { AttemptFailure } from "./session/handshake.js";
import type { StatusEvent } from "./status.js";
import { watched } from "./user-code.js";

/** Characters of a text that are told. */
const LONGEST = 1_000;

const LEVELS = ["trace", "debug", "info", "warn", "error", "off"] as const;

const NAMES = {
  pool: true,
  session: true,
  transport: true,
  protocol: true,
  subscription: true,
  publishing: true,
  request: true,
} satisfies { readonly [name in LogNamespace]: true };
const NAMESPACES = Object.keys(NAMES) as LogNamespace[];

/** One line of a log. Nothing in it is secret. */
export interface LogEntry {
  /** How much it matters. */
  readonly level: LogLevel;
  /** Which part of the connection it is about. */
  readonly namespace: LogNamespace;
  /** One sentence in one line, 1000 characters at most. */
  readonly text: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Which connection: its `name`, or `nats`, and its number among those that log here, such as `orders#1`. */
  readonly connection: string;
  /** `host:port` of the server it is about, where it is about one. */
  readonly server?: string;
  /** What went wrong, where something did; one that ended the connection has its `history`. */
  readonly error?: Error;
}

/** What a log lets through. */
export interface LogOptions {
  /** The least level that is told. Default `"info"`. */
  readonly level?: LogLevel | "off" | undefined;
  /** Other levels for single namespaces, such as `{ protocol: "trace" }`. */
  readonly levels?: { readonly [name in LogNamespace]?: LogLevel | "off" | undefined } | undefined;
}

declare const made: unique symbol;

/** For `log` of `connect()`; {@link logTo} makes it. */
export interface LogTarget {
  /** Of types alone: only what {@link logTo} made fits. */
  readonly [made]: true;
}

/** The same as a connection sees it. */
export interface LogOpener extends LogTarget {
  /** Watches one connection, and hands on what it is told to `beside`, first. */
  open(name: string | undefined, clock: Clock, beside: ConnectionObserver | undefined): ConnectionObserver;
}

/**
 * A log for `connect({ log })`, of one connection or of several. `log` is called as things happen, before listeners of the event; what it
 * throws or rejects with is dropped.
 *
 * @throws InvalidArgumentError when `log` is no function, or for a level or namespace there is not
 * @example
 * const nc = await connect({ log: logTo(({ level, text }) => console[level](text)) });
 */
export function logTo(log: (entry: LogEntry) => void, options: LogOptions = {}): LogTarget {
  callable("log", log);
  const { level, levels = {} } = options;
  refuseUnknown(options, { level: true, levels: true }, "logTo()", "");
  refuseUnknown(levels, NAMES, "logTo()", "levels.");
  const least = choice("level", level, "info", LEVELS);
  const ranks = NAMESPACES.map((name) => [name, rank(choice(`levels.${name}`, levels[name], least, LEVELS))] as const);
  const bounds = new Map(ranks);
  let opened = 0;
  const target: Pick<LogOpener, "open"> = {
    open: (name, clock, beside) => new ConnectionLog(log, bounds, clock, `${name ?? "nats"}#${++opened}`, beside),
  };
  // The mark is one of types alone.
  return target as LogOpener;
}

const rank = (level: LogLevel | "off"): number => LEVELS.indexOf(level);

class ConnectionLog implements ConnectionObserver {
  // What the next event may add to its sentence.
  #link = "";
  #attempt: { readonly error: Error; readonly words: string } | undefined;
  #lostAt: number | undefined;

  constructor(
    private readonly log: (entry: LogEntry) => unknown,
    private readonly bounds: ReadonlyMap<LogNamespace, number>,
    private readonly clock: Clock,
    private readonly connection: string,
    private readonly beside: ConnectionObserver | undefined,
  ) {}

  transition(from: State, to: State): void {
    this.beside?.transition(from, to);
    if ("link" in to) {
      const { epoch, info, remoteAddress } = to.link;
      const address = remoteAddress === addressOf(to.server) ? "" : `${remoteAddress}, `;
      this.#link = ` (${address}link ${epoch}, server ${info.server_name || info.server_id}, version ${info.version})`;
    }
    if ("link" in from) this.#lostAt = this.clock.now();
    if (to.kind === "draining") {
      this.#tell(LOGGED.draining, "drains: what was received is handled, what was published is sent, then it closes");
    }
  }

  event(event: StatusEvent): void {
    this.beside?.event(event);
    const error = "error" in event ? event.error : undefined;
    const attempt = error !== undefined && this.#attempt?.error === error ? this.#attempt.words : "";
    const outage = this.#lostAt === undefined ? undefined : Math.round(this.clock.now() - this.#lostAt);
    const place = placeOf(event);
    if (!this.#wants(place)) return;
    const server = "server" in event ? event.server : undefined;
    this.#tell(place, sentenceOf(event, { attempt, link: this.#link, outage }), server, error);
  }

  attempt(attempt: number, server: string): (failure?: unknown) => void {
    const told = this.beside?.attempt(attempt, server);
    const begin = this.clock.now();
    this.#tell(LOGGED.attempt, `connecting to ${server}, attempt ${attempt}`, server);
    return (failure) => {
      told?.(failure);
      const ms = Math.round(this.clock.now() - begin);
      if (failure === undefined)
        this.#tell(LOGGED.answered, `${server} answered after ${ms} ms, attempt ${attempt}`, server);
      else if (failure instanceof AttemptFailure) {
        this.#attempt = {
          error: failure.cause,
          words: `, attempt ${attempt}, in phase ${failure.phase} after ${ms} ms`,
        };
      }
    };
  }

  request(subject: string): ((answer: Promise<unknown>) => void) | undefined {
    const told = this.beside?.request(subject);
    if (!this.#wants(LOGGED.requestFailed)) return told;
    const begin = this.clock.now();
    const after = (): string => `after ${Math.round(this.clock.now() - begin)} ms`;
    return (answer) => {
      told?.(answer);
      answer.then(
        () => this.#tell(LOGGED.requestAnswered, `request to "${subject}" was answered ${after()}`),
        (cause: unknown) => {
          const error = errorOf(cause);
          this.#tell(
            LOGGED.requestFailed,
            `request to "${subject}" failed ${after()}: ${messageOf(error)}`,
            undefined,
            error,
          );
        },
      );
    };
  }

  step(entry: HistoryEntry): void {
    this.beside?.step?.(entry);
    const { direction, server, text } = entry;
    if (direction === "own") {
      // The others are told by an attempt, an event or a state.
      if (/^(open|TLS)/.test(text)) this.#tell(LOGGED.opened, text, server);
      if (text.startsWith("wait")) this.#tell(LOGGED.waiting, `no server may be dialled yet: ${text}`);
    } else if (this.#wants(LOGGED.operation)) {
      this.#tell(LOGGED.operation, `${direction === "in" ? "<" : ">"} ${text}`, server);
    }
  }

  #wants(place: LogPlace | undefined): place is LogPlace {
    return place !== undefined && rank(place[1]) >= (this.bounds.get(place[0]) ?? 0);
  }

  #tell(place: LogPlace | undefined, text: string, server?: string, error?: Error): void {
    if (!this.#wants(place)) return;
    const [namespace, level] = place;
    const entry: LogEntry = {
      level,
      namespace,
      text: oneLine(text, LONGEST),
      at: this.clock.wallTime(),
      connection: this.connection,
      ...(server ? { server } : {}),
      ...(error === undefined ? {} : { error }),
    };
    try {
      void watched(this.log(entry), () => {});
    } catch {
      // Whoever logs is the last to be told of it.
    }
  }
}
