// What the pool knows of one server, as the lines of a row. Pure: the time is an argument, on the connection's clock, in milliseconds.

import type { ServerInfo, ServerView } from "myelin";
import { about } from "./words.js";

/** For the colour of a row's mark, and its word. */
export type Health = "connected" | "leaving" | "dialling" | "waiting" | "failed" | "ready";

export interface ServerRow {
  readonly url: string;
  readonly health: Health;
  /** Where the address came from. */
  readonly origin: string;
  readonly rtt: string;
  /** Why it is the one, or why it is not. */
  readonly reason: string;
  /** What went wrong last, and when; empty for a server that never failed. */
  readonly trouble: string;
  /** When it is tried next; empty when nothing is known to be in the way. */
  readonly next: string;
}

/** @param arrival how the connection came to be on the server that serves it */
export function rowOf(server: ServerView, now: number, arrival = ""): ServerRow {
  const health = healthOf(server, now);
  return {
    url: server.url.href,
    health,
    origin: server.origin === "seed" ? "seed" : `told of by ${hostOf(server.learnedFrom)}`,
    rtt: server.rtt === undefined ? "" : durationOf(server.rtt),
    reason: server.state === "connected" ? arrival : reasonOf(server, health),
    trouble: troubleOf(server, now),
    next: health === "waiting" ? `next attempt in ${durationOf(server.eligibleAt - now)}` : "",
  };
}

/**
 * Whether what serves us is no nats-server but a broker inside some test or command, which has no version of Go to tell. It is as good
 * for a look at the page, and proves nothing of a server.
 */
export function isStandIn(info: Pick<ServerInfo, "go"> | undefined): boolean {
  return info?.go === "none";
}

/** The server that serves us, by its own words. */
export function serverOf(info: ServerInfo): string {
  const kind = isStandIn(info) ? "a stand-in for nats-server" : "nats-server";
  return [info.server_name, info.version && `${kind} ${info.version}`].filter(Boolean).join(", ");
}

/** `0.4 ms`, `120 ms`, `3.2 s`, `4 min`, `2 h`. */
export function durationOf(ms: number): string {
  if (ms < 10) return `${Math.max(0, ms).toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

function healthOf({ state, lameDuck, eligibleAt, consecutiveFailures }: ServerView, now: number): Health {
  if (state === "connected") return lameDuck ? "leaving" : "connected";
  if (state === "dialing") return "dialling";
  if (eligibleAt > now) return "waiting";
  if (lameDuck) return "leaving";
  return consecutiveFailures > 0 ? "failed" : "ready";
}

// The countdown stands in its own place, and moves; the sentence was true when the decision was made.
function reasonOf({ reason }: ServerView, health: Health): string {
  if (health === "dialling") return "";
  return health === "waiting" ? reason.replace(/ (for |in )?[\d.]+ m?s\b/, "") : reason;
}

function troubleOf({ lastFailure, consecutiveFailures, state, url }: ServerView, now: number): string {
  if (lastFailure === undefined) return "";
  const ago = `${durationOf(Math.max(1_000, now - lastFailure.at))} ago`;
  // Of one that works again it is enough to know that it happened.
  if (state === "connected") return `last ${KINDS[lastFailure.kind]} ${ago}`;
  const often = consecutiveFailures > 1 ? `${consecutiveFailures} failures in a row, the last ` : "";
  return `${often}${ago}: ${about(hostOf(url.href), lastFailure.error)}`;
}

const KINDS: Readonly<Record<NonNullable<ServerView["lastFailure"]>["kind"], string>> = {
  network: "network failure",
  timeout: "time-out",
  tls: "TLS failure",
  auth: "authorization error",
  protocol: "protocol error",
  "refused-by-server": "refusal",
  lost: "loss",
};

function hostOf(href: string | undefined): string {
  return href === undefined ? "another server" : href.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
}
