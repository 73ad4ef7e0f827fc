// Everything the acts play on: the cluster, a witness on each of its nodes, the connection that is watched, the load and its
// accounts. It offers the moves (kill, pause, wait, bring back) and keeps the records; the order of moves is in scenario.ts.

import { setTimeout as sleep } from "node:timers/promises";
import { defaults } from "@myelin/server-pool";
import { connect, type NatsConnection } from "myelin";
import type { DemoCluster } from "./cluster.js";
import { Departure } from "./departure.js";
import { Ledger } from "./ledger.js";
import { type Clock, Load, PING_INTERVAL_MS, REQUEST_TIMEOUT_MS } from "./load.js";
import type { Narrator } from "./narrator.js";
import { OwnSubscriptions } from "./own-subscriptions.js";
import { RequestBook } from "./request-book.js";
import type { LossRecord, MoveRecord } from "./verdict.js";
import type { Witness } from "./witness.js";
import { Witnesses } from "./witnesses.js";

/** What was done to a node; `running` = nothing. */
export type Condition = "running" | "killed" | "paused" | "lame duck" | "starting";

export interface StageOptions {
  readonly cluster: DemoCluster;
  /** How many connections of clients a node has, as it says itself. */
  readonly clientsOn: (index: number) => Promise<number>;
  readonly clock: Clock;
  readonly rate: number;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 15_000;
const SETTLE_MS = 2_500;
// Everybody should be gone within two seconds; a node that leaves closes its first client after ten.
const LEAVE_MS = 8_000;
// Messages younger than this may still be on their way when somebody asks.
const TRANSIT_MS = 100;

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

export class Stage {
  readonly cluster: DemoCluster;
  readonly clock: Clock;
  readonly narrator: Narrator;
  readonly ledger: Ledger;
  readonly book: RequestBook = new RequestBook();
  readonly records: Mutable<LossRecord>[] = [];
  readonly moves: MoveRecord[] = [];
  readonly conditions: Condition[];
  readonly connection: NatsConnection;
  readonly load: Load;
  readonly own: OwnSubscriptions;
  readonly #witnesses: Witnesses;
  readonly #signal: AbortSignal;
  readonly #clientsOn: StageOptions["clientsOn"];
  #departure: Departure | undefined;
  #act = "";
  #struckAt: number | undefined;
  #linkedAt: number;
  #links = 1;

  private constructor(options: StageOptions, connection: NatsConnection, ledger: Ledger, witnesses: Witnesses) {
    this.cluster = options.cluster;
    this.clock = options.clock;
    this.narrator = options.narrator;
    this.#signal = options.signal;
    this.#clientsOn = options.clientsOn;
    this.ledger = ledger;
    this.connection = connection;
    this.#witnesses = witnesses;
    this.conditions = options.cluster.servers.map(() => "running");
    this.own = new OwnSubscriptions(connection);
    this.load = new Load(connection, { rate: options.rate, clock: this.clock, book: this.book, ledger });
    this.#linkedAt = this.clock.now();
    this.book.linkUp(this.#linkedAt);
    ledger.linkUp();
    this.#watch();
    for (const witness of witnesses) this.#watchWitness(witness);
  }

  /** Connects everybody; the load does not run yet. */
  static async open(options: StageOptions): Promise<Stage> {
    const { cluster } = options;
    const ledger = new Ledger(cluster.servers.length);
    const witnesses = await Witnesses.start(cluster, ledger);
    // One seed only: the other two nodes come by gossip, and go and return with it.
    const connection = await connect({
      servers: cluster.server(0).url,
      name: "demo",
      pingInterval: PING_INTERVAL_MS,
      timeout: 2_000,
    });
    return new Stage(options, connection, ledger, witnesses);
  }

  // --- where we are --------------------------------------------------------------------------------------------------

  get linkNumber(): number {
    return this.#links;
  }

  /** When the present link came up. */
  get linkedAt(): number {
    return this.#linkedAt;
  }

  /** Index of the node that serves the connection; throws while there is none. */
  hereIndex(): number {
    const server = this.connection.getServer();
    const index = this.cluster.servers.findIndex(({ host, port }) => server === `${host}:${port}`);
    if (index < 0) throw new Error(`the connection is on "${server}", which is no node of the cluster`);
    return index;
  }

  /** Name of the node with this `host:port` or URL. */
  nameOf(address: string): string {
    return this.cluster.servers.find(({ port }) => address.endsWith(`:${port}`))?.name ?? address;
  }

  /** The text with the nodes' names in place of their addresses. */
  named(text: string): string {
    return this.cluster.servers.reduce((line, { host, name, port }) => line.replaceAll(`${host}:${port}`, name), text);
  }

  // --- waiting -------------------------------------------------------------------------------------------------------

  pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#signal });
  }

  /** Waits for a condition; rejects when it does not come. */
  async until(what: string, holds: () => boolean | Promise<boolean>, patience: number = PATIENCE_MS): Promise<void> {
    const begin = this.clock.now();
    while (!(await holds())) {
      if (this.clock.now() - begin > patience) throw new Error(`waited ${patience / 1000} s in vain: ${what}`);
      await this.pause(5);
    }
  }

  /** Waits until the link has lasted: the loss of one that had not counts against the cluster, and the pool takes its time. */
  async lasting(): Promise<void> {
    await this.until("the link has lasted", () => this.clock.now() - this.#linkedAt > defaults.stableAfter);
  }

  // --- moves ---------------------------------------------------------------------------------------------------------

  /** An act begins; losses from now on are its own. */
  begin(act: string): void {
    this.#act = act;
    this.#struckAt = undefined;
    this.load.takeWorstStall();
  }

  /** These nodes are about to be disturbed: what their witnesses see is no evidence until {@link calm}. */
  async disturb(indexes: readonly number[], condition: Condition): Promise<void> {
    await this.settle();
    for (const index of indexes) {
      this.conditions[index] = condition;
      this.#witnesses.distrust(this.cluster.server(index));
    }
    this.book.disturb();
    this.#struckAt = this.clock.now();
  }

  /** Waits until the watched connection has lost `links` and has another link, with answers flowing over it. */
  async survive(linksBefore: number): Promise<void> {
    await this.until(
      "the client is back on a server, and answers come",
      () => this.#links > linksBefore && this.records.at(-1)?.loss.nextAnswer !== undefined,
    );
    const record = this.records.at(-1);
    const live = await this.checkSubscriptions();
    if (record !== undefined) {
      record.subscriptionsLive = live;
      record.subscriptions = this.own.size;
      record.stall = this.load.takeWorstStall();
    }
    await this.settle();
  }

  /**
   * A node is about to leave in order. Its witness stays as good evidence as any, and no request is excused: whoever is on it
   * is expected to move. `moves` does it all, until the node is back, and may wait until it is empty: false = it is not, and
   * ought to be.
   */
  async depart(index: number, moves: (isEmpty: () => Promise<boolean>) => Promise<void>): Promise<void> {
    const server = this.cluster.server(index);
    await this.settle();
    this.conditions[index] = "lame duck";
    this.load.takeWorstStall();
    this.#struckAt = this.clock.now();
    const isOn = index === this.hereIndex();
    const departure = new Departure(this.#act, server.name, isOn, this.book, this.ledger, this.#struckAt);
    this.#departure = departure;
    try {
      await moves(() => this.#isEmpty(index, departure));
    } finally {
      await this.#account(departure);
    }
  }

  async #isEmpty(index: number, departure: Departure): Promise<boolean> {
    const begin = this.clock.now();
    while ((await this.#clientsOn(index)) > 0) {
      if (this.clock.now() - begin > LEAVE_MS) return false;
      await this.pause(20);
    }
    departure.left(this.clock.now());
    return true;
  }

  async #account(departure: Departure): Promise<void> {
    const now = this.clock.now();
    const ended = (): boolean => this.book.endedBefore(now);
    // One that does not end is found at the very end.
    await this.until("every request of the move has ended", ended, REQUEST_TIMEOUT_MS + 1_000).catch(() => {});
    const silent = this.own.size - (await this.checkSubscriptions());
    await this.pause(TRANSIT_MS);
    await this.settle();
    this.#departure = undefined;
    this.moves.push({ ...departure.record(this.clock.now()), silent, stall: this.load.takeWorstStall() });
  }

  /** Asks every subscription of the watched connection for a sign of life; returns how many gave one. */
  async checkSubscriptions(): Promise<number> {
    this.own.forget();
    const witness = this.#witnesses.reliable();
    if (witness === undefined) return 0;
    const deadline = this.clock.now() + SETTLE_MS;
    // Interest travels between nodes without acknowledgement, so a probe may come before it: ask again.
    while (this.own.live < this.own.size && this.clock.now() < deadline) {
      for (const subject of this.own.silent()) witness.publish(subject);
      await this.pause(20);
    }
    return this.own.live;
  }

  /** Starts what is down again, and waits until the cluster is whole and every witness trustworthy. */
  async bringBack(): Promise<void> {
    const down = this.cluster.servers.flatMap((server, index) => (server.running ? [] : [index]));
    for (const index of down) this.conditions[index] = "starting";
    await Promise.all(down.map((index) => this.cluster.server(index).restart()));
    await this.calm();
  }

  /** Waits until the cluster is whole, every witness hears the load again and can be trusted. */
  async calm(): Promise<void> {
    await this.cluster.waitForMesh();
    for (let index = 0; index < this.conditions.length; index++) this.conditions[index] = "running";
    await this.#witnesses.gather((what, holds) => this.until(what, holds), this.clock);
    await this.until("the pool holds every node", () => this.connection.getServers().length >= this.conditions.length);
    // Routes are pooled: hearing one message shows that one of them is up, not that every queue behind it is empty.
    await this.pause(TRANSIT_MS);
    this.#witnesses.trust();
    this.book.calm(this.clock.now());
  }

  /** Gives everything under way the time to arrive, and judges what was published before. */
  async settle(): Promise<void> {
    const before = this.clock.now() - TRANSIT_MS;
    const deadline = this.clock.now() + SETTLE_MS;
    while (!this.ledger.settledBefore(before) && this.clock.now() < deadline) await this.pause(5);
    this.ledger.judgeBefore(before);
  }

  /** The load has ended: waits for every answer and arrival, and closes both accounts. */
  async settleAll(): Promise<void> {
    this.load.stop();
    await this.until("every request has ended", () => this.book.inFlight === 0, REQUEST_TIMEOUT_MS + 1_000).catch(
      () => {},
    );
    await this.pause(TRANSIT_MS);
    await this.settle();
    this.ledger.judgeBefore(Number.POSITIVE_INFINITY);
  }

  /** Closes what is open, in whatever state it is. */
  async close(): Promise<void> {
    this.load.stop();
    await Promise.allSettled([this.connection.close(), this.#witnesses.stop()]);
  }

  // --- watching ------------------------------------------------------------------------------------------------------

  #watch(): void {
    const { connection, narrator } = this;
    const name = (server: string): string => this.nameOf(server);
    connection.on("disconnect", ({ server, error }) => {
      const now = this.clock.now();
      const loss = this.book.linkLost(now);
      const messages = this.ledger.linkLost(this.book.provenAt);
      this.records.push({
        act: this.#act,
        node: name(server),
        detectedAfter: this.#struckAt === undefined ? undefined : now - this.#struckAt,
        loss,
        messagesInFlight: messages,
        subscriptions: this.own.size,
        subscriptionsLive: undefined,
        stall: 0,
      });
      this.#departure?.cut();
      narrator.event("bad", `disconnect: ${this.named(error?.message ?? `${server}, no reason given`)}`);
    });
    connection.on("handover", ({ from, server }) => {
      this.#linkedAt = this.clock.now();
      this.#links++;
      this.ledger.linkMoved(this.#linkedAt);
      this.#departure?.moved("load", name(from), name(server));
      narrator.event("good", `handover: moved from ${name(from)} to ${name(server)}, and never without a link`);
    });
    connection.on("reconnect", ({ server }) => {
      this.#linkedAt = this.clock.now();
      this.#links++;
      this.book.linkUp(this.#linkedAt);
      this.ledger.linkUp();
      narrator.event("good", `reconnect: ${name(server)} serves us now`);
    });
    connection.on("reconnecting", ({ server }) => narrator.event("plain", `trying ${name(server)}`));
    connection.on("attemptFailed", ({ error }) => narrator.event("plain", `no: ${this.named(error.message)}`));
    connection.on("staleConnection", () => narrator.event("bad", "the server is silent: given up as stale"));
    connection.on("ldm", ({ server }) => narrator.event("plain", `${name(server)} announces that it leaves`));
    connection.on("update", ({ added, deleted }) => {
      if (added.length > 0) narrator.event("plain", `gossip: ${added.map(name).join(", ")} joined the pool`);
      if (deleted.length > 0) narrator.event("plain", `gossip: ${deleted.map(name).join(", ")} left the pool`);
    });
    connection.on("dropped", ({ messages, reason }) =>
      narrator.event("bad", `${messages} accepted publishes dropped: ${reason}`),
    );
    connection.on("slowConsumer", ({ sub }) => narrator.event("bad", `slow consumer on ${sub.getSubject()}`));
    connection.on("error", ({ error }) => narrator.event("bad", `error: ${this.named(error.message)}`));
    connection.on("close", ({ error }) =>
      narrator.event(
        error === undefined ? "plain" : "bad",
        `the connection is closed${error === undefined ? "" : `: ${this.named(error.message)}`}`,
      ),
    );
  }

  #watchWitness({ connection, home }: Witness): void {
    connection.on("handover", ({ from, reason, server }) => {
      this.#departure?.moved("witness", this.nameOf(from), this.nameOf(server));
      if (reason !== "lame-duck") return;
      this.narrator.event("plain", `the witness of ${home.name} moved to ${this.nameOf(server)}`);
    });
    connection.on("disconnect", () => this.#departure?.cut());
  }
}
