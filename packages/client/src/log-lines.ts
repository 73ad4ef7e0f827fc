// What a log says: which event is told in which namespace, at which level, and in which words. One table and the sentences to it;
// who hears them is log.ts.

import { TransportError } from "@myelin/contracts";
import { CallbackError, PermissionViolationError, ServerResolutionError } from "./errors.js";
import type { StatusEvent, StatusType } from "./status.js";

/** Levels, the most talkative first. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** Parts of a connection that log, each with a level of its own. */
export type LogNamespace = "pool" | "session" | "transport" | "protocol" | "subscription" | "publishing" | "request";

/** Where something belongs and how much it matters. */
export type LogPlace = readonly [namespace: LogNamespace, level: LogLevel];

/** What is logged beside the events. */
type Step =
  | "attempt"
  | "answered"
  | "waiting"
  | "draining"
  | "opened"
  | "operation"
  | "requestAnswered"
  | "requestFailed";

/** Everything that is logged; `undefined` = told by something else already. The README tells it in words. */
export const LOGGED: { readonly [what in StatusType | Step]: LogPlace | undefined } = {
  connect: ["session", "info"],
  reconnect: ["session", "info"],
  handover: ["session", "info"],
  disconnect: ["session", "warn"],
  forceReconnect: ["session", "info"],
  staleConnection: ["session", "warn"],
  ldm: ["session", "warn"],
  waiting: ["session", "debug"],
  draining: ["session", "info"],
  close: ["session", "info"],
  attempt: ["transport", "debug"],
  reconnecting: undefined,
  opened: ["transport", "trace"],
  answered: ["transport", "debug"],
  attemptFailed: ["transport", "warn"],
  update: ["pool", "info"],
  ping: ["protocol", "debug"],
  operation: ["protocol", "trace"],
  error: ["protocol", "error"],
  slowConsumer: ["subscription", "warn"],
  dropped: ["publishing", "warn"],
  requestAnswered: ["request", "trace"],
  requestFailed: ["request", "debug"],
};

/** Where this event is logged. */
export function placeOf(event: StatusEvent): LogPlace | undefined {
  if (event.type === "close" && event.error !== undefined) return ["session", "error"];
  return event.type === "error" ? placeOfError(event.error) : LOGGED[event.type];
}

function placeOfError(error: Error): LogPlace | undefined {
  if (error instanceof PermissionViolationError) {
    return [error.operation === "publish" ? "publishing" : "subscription", "error"];
  }
  if (error instanceof CallbackError) {
    if (error.callback === "subscription") return ["subscription", "error"];
    return [/pool|strategy/.test(error.callback) ? "pool" : "session", "error"];
  }
  // Asked again, as far as it is needed.
  if (error instanceof ServerResolutionError) return ["pool", "warn"];
  // The transport could work around it.
  return error instanceof TransportError ? ["transport", "warn"] : LOGGED.error;
}

/** What a sentence may add to its event. */
export interface LogFacts {
  /** Of the link that came up. */
  readonly link: string;
  /** How the attempt went. */
  readonly attempt: string;
  /** How long there was no link, in milliseconds. */
  readonly outage: number | undefined;
}

/** The event in a sentence. */
export function sentenceOf(event: StatusEvent, { attempt, link, outage }: LogFacts): string {
  switch (event.type) {
    case "connect":
      return `connected to ${event.server}${link}`;
    case "reconnect":
      return `connected again, to ${event.server}${link}${outage === undefined ? "" : `, after ${outage} ms`}`;
    case "handover":
      return `moved from ${event.from} to ${event.server}${link} without a disconnect, reason: ${event.reason}`;
    case "disconnect":
      return `lost link ${event.epoch} to ${event.server}: ${event.error?.message ?? "the server ended it"}`;
    case "reconnecting":
      return `connecting to ${event.server}, attempt ${event.attempt}`;
    case "attemptFailed":
      return `could not connect to ${event.server}${attempt}: ${event.error.message}`;
    case "forceReconnect":
      return "reconnect() was called";
    case "staleConnection":
      return `the server has been silent for too long, link ${event.epoch} is given up`;
    case "ldm":
      return `${event.server} announced that it will leave (lame duck)`;
    case "update":
      return `the cluster changed${list("new", event.added)}${list("gone", event.deleted)}`;
    case "ping":
      return `silence: the server is asked for a sign of life, ${event.pendingPings} unanswered`;
    case "slowConsumer":
      return `the consumer of "${event.sub.getSubject()}" is too slow: ${event.pending} messages wait, ${event.dropped} dropped so far`;
    case "dropped":
      return `publishes that will not be sent: ${event.messages} of ${event.bytes} bytes, reason: ${event.reason}`;
    case "error":
      return event.error.message;
    case "close":
      return event.error === undefined ? "closed" : `closed for good: ${event.error.message}`;
  }
}

function list(what: string, servers: readonly string[]): string {
  return servers.length === 0 ? "" : `; ${what}: ${servers.join(", ")}`;
}
