// What a session needs from outside, and whom it works for. Types alone.

import type { Clock, Random, Transport } from "@myelin/contracts";
import type { Decoder } from "@myelin/protocol";
import type { History } from "../history.js";
import type { ConnectionObserver } from "../observer.js";
import type { StatusEvent } from "../status.js";
import type { Traffic } from "../traffic.js";
import type { ClientIdentity } from "./handshake.js";
import type { Link } from "./link.js";
import type { RunningHandover } from "./move.js";

/** What a session needs from outside. */
export interface SessionRuntime {
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: ClientIdentity;
  readonly wake?: ((run: () => void) => () => void) | undefined;
}

/** Whom a session works for; none of it throws. */
export interface SessionHost {
  readonly traffic: Traffic;
  readonly observer: ConnectionObserver | undefined;
  readonly history: History;
  /** A link is up: everything that must precede other traffic is written in here. */
  linked(link: Link): void;
  /** The link is gone. */
  unlinked(link: Link, error: Error): void;
  /** `to` is up beside `from` and shall take over. */
  handOver(from: Link, to: Link): RunningHandover;
  /** This link was left for another one: nothing more is wanted from it. Resolves when nothing more comes, in 2 s at most. */
  leaving(link: Link): Promise<void>;
  /** Closed for good. */
  ended(reason: Error | undefined): void;
  message(cursor: Decoder, link: Link): void;
  /** An -ERR on link `epoch`; see LinkEvents. */
  serverError(text: string, epoch: number): Error | undefined;
  /** Tells an event, once `before` was done; what that tells comes after. */
  emit(status: StatusEvent, before?: () => void): void;
}
