// Which status events a transition of the connection's state is told as: the one place where they are derived. Pure.

import type { ServerView } from "@myelin/server-pool";
import type { StatusEvent } from "../status.js";
import type { Connected, State } from "./connection-state.js";

/**
 * What leaving `from` is told as, before anything of the new state is.
 *
 * @param latest number of the latest link
 */
export function left(from: State, to: State, latest: number): StatusEvent | undefined {
  const ended = "ended" in to ? to.ended : undefined;
  if (ended === undefined) return undefined;
  const type = from.kind === "dialing" ? "attemptFailed" : "disconnect";
  const epoch = "link" in from ? from.link.epoch : latest;
  return { type, epoch, server: addressOf(ended.server), error: ended.error };
}

/**
 * What being in `to` is told as. The end is told by the session, after everything has ended.
 *
 * @param latest number of the latest link, that of `to` included
 */
export function entered(from: State, to: State, latest: number): StatusEvent | undefined {
  if (to.kind === "dialing") {
    const newest = to.attempts.at(-1);
    const known = newest === undefined || (from.kind === "dialing" && from.attempts.includes(newest));
    if (known || latest === 0) return undefined;
    return { type: "reconnecting", epoch: latest, server: addressOf(newest.server), attempt: newest.number };
  }
  if (to.kind !== "connected" || !isNewLink(from, to)) return undefined;
  const server = addressOf(to.server);
  const { epoch } = to.link;
  if (isHandover(from, to)) {
    return { type: "handover", epoch, from: addressOf(from.server), server, reason: from.move?.reason ?? "requested" };
  }
  return { type: epoch === 1 ? "connect" : "reconnect", epoch, server };
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
