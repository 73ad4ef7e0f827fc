// Tells everybody of a transition of the connection's state: who observes, the history, and by events all others, in this order. Which
// events those are is announcements.ts.

import { addressOf, entered, isHandover, isNewLink, left } from "./announcements.js";
import type { State } from "./connection-state.js";
import type { SessionHost } from "./session-host.js";

/** @param present the state now, which a listener may have changed */
export function announce(from: State, to: State, host: SessionHost, present: () => State): void {
  const latest = host.traffic.connects;
  host.observer?.transition(from, to);
  remember(from, to, host);
  const end = left(from, to, latest);
  const begun = entered(from, to, latest);
  const linked =
    to.kind === "connected" && isNewLink(from, to) && !isHandover(from, to) ? () => host.linked(to.link) : undefined;
  if (end !== undefined && begun !== undefined && to.kind === "connected") {
    // A link that takes the place of a lost one at once is told of with the loss, whatever a listener of that does to it.
    host.emit(end, () => host.emit(begun, linked));
    return;
  }
  if (end !== undefined) host.emit(end);
  // A listener may have closed the connection; then that was announced already.
  if (begun !== undefined && present() === to) host.emit(begun, linked);
}

function remember(from: State, to: State, { history }: SessionHost): void {
  if (to.kind === "connected" && isNewLink(from, to)) {
    history.of({ epoch: to.link.epoch, server: addressOf(to.server) })("own", "link up:", to.link.remoteAddress);
  } else if (to.kind === "closed") history.close(to.reason);
}
