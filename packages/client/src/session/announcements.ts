// Which status events a transition of the connection's state is told as: the one place where they are derived. Pure.

import type { ServerView } from "@myelin/server-pool";
import type { Status } from "../status.js";
import type { Connected, State } from "./connection-state.js";

/** What leaving `from` is told as, before anything of the new state is. */
export function left(from: State, to: State): Status | undefined {
  const ended = "ended" in to ? to.ended : undefined;
  if (ended === undefined) return undefined;
  const type = from.kind === "dialing" ? "attemptFailed" : "disconnect";
  return { type, server: addressOf(ended.server), error: ended.error };
}

/**
 * What being in `to` is told as. The end is told by the session, after everything has ended.
 *
 * @param connects links so far, that of `to` included
 */
export function entered(from: State, to: State, connects: number): Status[] {
  if (to.kind === "dialing") {
    const newest = to.attempts.at(-1);
    const known = newest === undefined || (from.kind === "dialing" && from.attempts.includes(newest));
    if (known || connects === 0) return [];
    return [{ type: "reconnecting", server: addressOf(newest.server), attempt: newest.number }];
  }
  if (to.kind !== "connected" || !isNewLink(from, to)) return [];
  const server = addressOf(to.server);
  if (isHandover(from, to)) {
    return [{ type: "handover", from: addressOf(from.server), server, reason: from.move?.reason ?? "requested" }];
  }
  return [{ type: connects === 1 ? "connect" : "reconnect", server }];
}

/** False when the connection goes on with the link it had. */
export function isNewLink(from: State, to: Connected): boolean {
  return !("link" in from) || from.link !== to.link;
}

/** True when `to` has taken over from a link that was still up. */
export function isHandover(from: State, to: Connected): from is Connected {
  return from.kind === "connected" && isNewLink(from, to) && to.ended === undefined;
}

/** `host:port`, as `getServer()` and the events name a server; the path of a unix socket. */
export function addressOf({ url }: ServerView): string {
  return url.href.replace(/^[a-z]+:\/\//, "");
}
