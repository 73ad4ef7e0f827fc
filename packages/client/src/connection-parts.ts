// What one connection is made of beside its session: publishing, receiving, requests, handovers, and who waits for a link. Says what
// each of them does when a link comes or goes, when the server denies something, and when all ends. What state the
// connection is in is the session's.

import type { Clock } from "@myelin/contracts";
import type { Payload } from "@myelin/protocol";
import { CallSites } from "./call-sites.js";
import {
  ClosedConnectionError,
  DisconnectedError,
  DrainingConnectionError,
  PermissionViolationError,
} from "./errors.js";
import { Handovers } from "./handovers.js";
import type { PublishOptions } from "./messaging/message.js";
import { Receiving, type ReceivingHost } from "./messaging/receiving.js";
import { Requesting } from "./messaging/requesting.js";
import type { Subscription } from "./messaging/subscription.js";
import type { SubscriptionOptions } from "./messaging/subscription-options.js";
import { NextLink } from "./next-link.js";
import { calledFrom } from "./operation-facts.js";
import { Confirmations } from "./publishing/confirmations.js";
import { PublishTraces } from "./publishing/publish-traces.js";
import { Publishing } from "./publishing/publishing.js";
import type { ResolvedOptions } from "./resolved-options.js";
import { serverErrorOf } from "./server-error.js";
import type { Link } from "./session/link.js";
import type { StatusEvent } from "./status.js";
import type { Traffic } from "./traffic.js";

/** What the parts need of their connection. */
export interface ConnectionPartsHost {
  readonly clock: Clock;
  readonly traffic: Traffic;
  readonly publish: (subject: string, payload?: Payload, options?: PublishOptions) => boolean;
  readonly subscribe: (subject: string, options?: SubscriptionOptions) => Subscription;
  /** As of Session. */
  readonly links: () => readonly Link[];
  readonly left: () => Promise<unknown>;
  /** `host:port` of the server we are linked to. */
  readonly server: () => string | undefined;
  readonly emit: (status: StatusEvent) => void;
}

export class ConnectionParts {
  readonly publishing: Publishing;
  readonly receiving: Receiving;
  readonly handovers: Handovers;
  /** Where calls that fail later were made. */
  readonly sites: CallSites;
  readonly nextLink: NextLink;
  readonly publishTraces: PublishTraces | undefined;
  readonly #options: ResolvedOptions;
  // What subscriptions and requests need of the connection.
  readonly #host: ConnectionPartsHost & ReceivingHost;
  // Both only once they are needed: many connections never ask and never wait.
  #requesting: Requesting | undefined;
  #confirmations: Confirmations | undefined;
  // Of the drain that is under way, if there is one.
  #linkLost: AbortController | undefined;

  constructor(options: ResolvedOptions, host: ConnectionPartsHost) {
    const { clock, traffic } = host;
    this.#options = options;
    this.#host = {
      ...host,
      pending: options.pending,
      report: (error) => host.emit({ type: "error", error }),
      after: (ms, run) => clock.after(ms, run),
      slow: (sub) => host.emit({ type: "slowConsumer", sub, pending: sub.getPending(), dropped: sub.getDropped() }),
    };
    this.sites = new CallSites(options.asyncTraces, () => clock.now());
    this.nextLink = new NextLink(clock);
    this.publishing = new Publishing(options, traffic, {
      dropped: ({ bytes, messages }, reason) => host.emit({ type: "dropped", messages, bytes, reason }),
      requestRefused: (refused, error) => this.#requesting?.reject((id) => (id === refused ? error : undefined)),
    });
    this.publishTraces = options.publishTraces ? new PublishTraces() : undefined;
    this.receiving = new Receiving(this.#host);
    this.handovers = new Handovers({
      clock,
      replay: (link, beside) => this.receiving.table.replay(link, beside),
      unsubscribeAll: (link) => {
        for (const receiver of this.receiving.table.all()) link.unsubscribe(receiver.getID());
      },
      isPlain: (sid) => this.receiving.table.isPlain(sid),
      deliver: (cursor) => this.receiving.table.deliver(cursor),
      holdPublishes: () => this.publishing.hold(),
      releasePublishes: (link) => this.publishing.linked(link),
    });
  }

  get requesting(): Requesting {
    const host = this.#host;
    this.#requesting ??= new Requesting(
      { inboxPrefix: this.#options.inboxPrefix, pending: this.#options.pending, sites: this.sites },
      {
        ...host,
        now: () => host.clock.now(),
        newSid: () => this.receiving.table.newSid(),
        adopt: (requests) => this.receiving.adopt(requests),
      },
      this.publishing,
    );
    return this.#requesting;
  }

  get confirmations(): Confirmations {
    this.#confirmations ??= new Confirmations();
    return this.#confirmations;
  }

  /** A drain begins. Its signal tells of the loss of the link, and of a close that overtakes it. */
  drainSignal(): AbortSignal {
    this.#linkLost = new AbortController();
    return this.#linkLost.signal;
  }

  /** Requests that would be made again are not. */
  stopRepeating(): void {
    this.#requesting?.stopRepeating((subject) => new DrainingConnectionError(`request to "${subject}"`));
  }

  /** A link is up: everything that must precede other traffic is written in here. */
  linked(link: Link): void {
    this.handovers.linked(link);
    this.publishing.linked(link);
    this.nextLink.linked(link);
  }

  /** The link is gone. */
  unlinked(link: Link, cause: Error): void {
    this.#linkLost?.abort(cause);
    this.publishing.unlinked(link, (reply) => this.#requesting?.owns(reply) === true);
    this.#requesting?.reject(
      (_id, subject) =>
        new DisconnectedError(`request to "${subject}": the link was lost before an answer came`, true, { cause }),
    );
  }

  /** Closed for good. */
  ended(reason: Error | undefined): void {
    this.handovers.dispose();
    const closed = (what: string): Error => new ClosedConnectionError(what, { cause: reason });
    // A drain that close() overtakes has nothing to wait for.
    this.#linkLost?.abort(closed("close() came first"));
    this.publishing.refuse((subject) => closed(`publish to "${subject}"`));
    this.#requesting?.reject((_id, subject) => closed(`request to "${subject}"`));
    this.#requesting?.stopRepeating((subject) => closed(`request to "${subject}"`));
    this.receiving.end(reason, closed);
    this.nextLink.ended(closed);
  }

  /** An -ERR on link `epoch`. Returns an error when the server will close the link because of it. */
  serverError(text: string, epoch: number): Error | undefined {
    const error = serverErrorOf(text);
    const denied = error instanceof PermissionViolationError;
    if (denied && error.operation === "publish") calledFrom(error, this.publishTraces?.of(error.subject));
    this.#host.emit({ type: "error", error, epoch });
    if (!denied) return error;
    if (error.operation === "publish") {
      // An error of its own for each: facts and stack are the publish's or the request's.
      this.#confirmations?.denied(error.subject, () => serverErrorOf(text));
      this.#requesting?.reject((_id, subject) => (subject === error.subject ? serverErrorOf(text) : undefined));
    } else {
      this.#requesting?.inboxDenied(error.subject);
      this.receiving.table.deny(error);
    }
    return undefined;
  }
}
