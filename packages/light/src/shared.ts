// What the parts of one connection share: the caller's options, time and chance, and each other. Made by connection.ts, which says who is
// who; every part takes from it what it needs.

import type { Clock, Random } from "@myelin/contracts";
import type { Link } from "./link.js";
import type { Payload, PublishOptions } from "./message.js";
import type { ResolvedOptions } from "./options.js";
import type { Outbox } from "./outbox.js";
import type { Dialling } from "./page-socket.js";
import type { StatusEvent } from "./status.js";
import type { IncomingMessage } from "./wire.js";

/** What a connection needs from outside. */
export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly transports: readonly Dialling[];
  readonly wake: (run: () => void) => () => void;
}

/** No function of it throws but `publish`. */
export interface Shared extends Runtime {
  readonly options: ResolvedOptions;
  readonly outbox: Outbox;
  readonly emit: (status: StatusEvent) => void;
  readonly publish: (subject: string, payload?: Payload, options?: PublishOptions) => boolean;
  /** The link, while there is one that is up. */
  link(): Link | undefined;
  /** A number no subscription has had. */
  newSid(): number;
  /** A message arrived. */
  message(message: IncomingMessage): void;
  /** An -ERR on a link that is up; returns the error when the server will close the link because of it. */
  refused(text: string, link: Link): Error | undefined;
  /** A link is up: what must precede other traffic is queued in here, before anybody is told. */
  linked(link: Link): void;
  unlinked(error: Error): void;
  ended(reason: Error | undefined): void;
}
