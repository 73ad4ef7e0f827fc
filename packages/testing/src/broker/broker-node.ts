// One node: accepts clients, keeps their time, routes what they publish, and has a life of its own: it runs, is paused, leaves as a
// lame duck, is killed and comes back. What a client says is broker-connection.ts; the other nodes are route.ts.

import type { ConnectOptions, ServerInfo } from "@myelin/protocol";
import type { ListeningAddress, ServerStream, StreamHandler } from "../server-stream.js";
import { compareVersions } from "../server-version.js";
import { authRequired, type Identity, identify, nonceRequired } from "./authentication.js";
import { BrokerConnection } from "./broker-connection.js";
import type { BrokerCore } from "./broker-core.js";
import type { ResolvedBrokerOptions } from "./broker-options.js";
import { DueQueue } from "./due-queue.js";
import { closeOneByOne } from "./lame-duck.js";
import { MessageRouter, type RoutedMessage } from "./message-router.js";
import { NodeFaults } from "./node-faults.js";
import { nonceOf, serverIdOf } from "./random-ids.js";
import type { RouteEnd } from "./route.js";
import { ServerOperations } from "./server-operations.js";
import { type OwnInfo, ToldInfo } from "./told-info.js";

/** What is being counted since the node was made. */
export interface BrokerStats {
  /** Clients connected now. */
  connections: number;
  /** Clients ever accepted. */
  totalConnections: number;
  /** Subscriptions of its clients now. */
  subscriptions: number;
  /** Messages its clients published. */
  inMsgs: number;
  /** Bytes of those. */
  inBytes: number;
  /** Messages it handed to its clients. */
  outMsgs: number;
  /** Bytes of those. */
  outBytes: number;
  /** Clients it cut because they did not read. */
  slowConsumers: number;
}

/** `stopped` = nobody listens; `lame-duck` = leaving. */
export type BrokerCondition = "stopped" | "running" | "paused" | "lame-duck";

/** What the cluster a node belongs to is told. */
export interface NodeWatcher {
  /** Its condition has changed. */
  changed(node: BrokerNode): void;
}

export class BrokerNode implements BrokerCore {
  readonly options: ResolvedBrokerOptions;
  readonly operations: ServerOperations = new ServerOperations();
  readonly address: ListeningAddress;
  readonly authRequired: boolean;
  readonly faults: NodeFaults;
  readonly connections: Set<BrokerConnection> = new Set();
  readonly counts = { totalConnections: 0, inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0, slowConsumers: 0 };
  readonly routes: Set<RouteEnd> = new Set();
  router: MessageRouter<BrokerConnection>;
  topology = 0;
  clusterName: string | undefined;
  watcher: NodeWatcher | undefined;
  /** Over what it would say of itself. */
  info: Partial<ServerInfo> = {};
  #condition: BrokerCondition = "stopped";
  #beforePause: BrokerCondition = "running";
  #serverId = "";
  // What INFO says to all, until the next change.
  #shared: Partial<ServerInfo> | undefined;
  readonly #told = new ToldInfo();
  #nextId = 1;
  #deferred: (() => void)[] = [];
  #cancelLameDuck: () => void = () => {};
  readonly #streams = new Map<BrokerConnection, ServerStream>();
  readonly #pings: DueQueue<BrokerConnection>;
  readonly #logins: DueQueue<BrokerConnection>;
  readonly #expiries = new Map<BrokerConnection, () => void>();

  constructor(address: ListeningAddress, options: ResolvedBrokerOptions) {
    this.address = address;
    this.options = options;
    this.authRequired = authRequired(options.authorization);
    this.router = this.#newRouter();
    this.faults = new NodeFaults(options.clock, {
      links: () => this.#links(),
      disturbed: () => this.#disturbed(),
      refuse: (refused) => this.#refuseDials(refused),
      serveAll: () => this.#greetAll(),
    });
    const open = (connection: BrokerConnection): boolean => this.connections.has(connection);
    this.#pings = new DueQueue(options.clock, options.pingInterval, open, (connection) =>
      this.#whenAwake(() => {
        if (connection.pingDue()) this.#pings.add(connection);
      }),
    );
    const awaited = (connection: BrokerConnection): boolean => open(connection) && !connection.isConnected;
    this.#logins = new DueQueue(options.clock, options.authTimeout, awaited, (connection) =>
      this.#whenAwake(() => connection.authenticationDue()),
    );
  }

  get condition(): BrokerCondition {
    return this.#condition;
  }

  get subscriptions(): number {
    return this.router.size;
  }

  /** What it tells clients to dial. */
  get clientUrl(): string {
    return this.options.advertise ?? `${this.address.host}:${this.address.port}`;
  }

  // --- life ----------------------------------------------------------------------------------------------------------

  async start(): Promise<void> {
    this.#serverId = serverIdOf(this.options.random);
    this.#enter("running");
    await this.address.open((stream) => this.#accept(stream));
  }

  /** Everything it had is gone at once. */
  async kill(): Promise<void> {
    if (this.#condition === "stopped") return;
    const closed = this.address.close();
    this.#cancelLameDuck();
    this.#deferred = [];
    const connections = [...this.connections];
    const streams = [...this.#streams.values()];
    this.connections.clear();
    this.#streams.clear();
    this.#pings.clear();
    this.#logins.clear();
    for (const cancel of this.#expiries.values()) cancel();
    this.#expiries.clear();
    // Before the streams break: nobody is told of interest that goes with its node.
    this.router = this.#newRouter();
    for (const connection of connections) connection.dropWaiting();
    for (const stream of streams) stream.reset();
    this.#enter("stopped");
    await closed;
  }

  pause(): void {
    if (this.#condition !== "running" && this.#condition !== "lame-duck") return;
    this.#beforePause = this.#condition;
    for (const connection of this.connections) connection.pause();
    this.#enter("paused");
  }

  resume(): void {
    if (this.#condition !== "paused") return;
    this.#enter(this.#beforePause);
    for (const connection of this.connections) connection.resume();
    const late = this.#deferred;
    this.#deferred = [];
    for (const run of late) run();
  }

  lameDuck(): void {
    if (this.#condition !== "running") return;
    void this.address.close();
    this.#enter("lame-duck");
    for (const route of this.routes) route.sendLameDuck();
    this.#tellClients();
    const { clock, random, lameDuckDuration, lameDuckGracePeriod } = this.options;
    this.#cancelLameDuck = closeOneByOne({
      clock,
      random,
      duration: lameDuckDuration * 1_000,
      gracePeriod: lameDuckGracePeriod * 1_000,
      connections: () => [...this.connections],
      whenAwake: (run) => this.#whenAwake(run),
      done: () => void this.kill(),
    });
  }

  /** Sends INFO to everybody who hears it, because what it says has changed. */
  announce(): void {
    this.topology++;
    this.#shared = undefined;
    this.#whenAwake(() => this.#tellClients());
  }

  // --- for its connections -------------------------------------------------------------------------------------------

  infoBytes(own: OwnInfo): Uint8Array {
    this.#shared ??= this.#sharedInfo();
    return this.#told.bytes(this.#shared, own);
  }

  isOrNewer(version: string): boolean {
    return compareVersions(this.options.version, version) >= 0;
  }

  identify(sent: ConnectOptions, nonce: string | undefined): Identity | undefined {
    if (this.faults.authFails) return undefined;
    const identity = identify(this.options.authorization, sent, nonce);
    return identity?.expires !== undefined && this.#untilExpiry(identity.expires) <= 0 ? undefined : identity;
  }

  connected(connection: BrokerConnection, { expires }: Identity): void {
    this.#logins.tidy();
    if (expires === undefined) return;
    this.#expiries.get(connection)?.();
    const cancel = this.options.clock.after(this.#untilExpiry(expires), () => {
      this.#expiries.delete(connection);
      this.#whenAwake(() => connection.expire());
    });
    this.#expiries.set(connection, cancel);
  }

  publish(from: BrokerConnection, message: RoutedMessage): boolean {
    this.counts.inMsgs++;
    this.counts.inBytes += message.payload.length + (message.headerBlock?.length ?? 0);
    return this.router.publish(from, message);
  }

  delivered({ payload, headerBlock }: RoutedMessage): void {
    this.counts.outMsgs++;
    this.counts.outBytes += payload.length + (headerBlock?.length ?? 0);
  }

  slowConsumer(): void {
    this.counts.slowConsumers++;
  }

  left(connection: BrokerConnection): void {
    this.connections.delete(connection);
    this.#expiries.get(connection)?.();
    this.#expiries.delete(connection);
    this.#pings.tidy();
    this.#logins.tidy();
  }

  gone(connection: BrokerConnection): void {
    this.#streams.delete(connection);
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  #accept(stream: ServerStream): StreamHandler {
    const { options } = this;
    const nonce = nonceRequired(options.authorization) ? nonceOf(options.random) : undefined;
    const connection = new BrokerConnection(this, this.#nextId++, stream, nonce);
    const full = this.connections.size >= options.maxConnections;
    const refusal = full ? "maximum connections exceeded" : this.faults.turnedAway();
    this.connections.add(connection);
    this.#streams.set(connection, stream);
    this.counts.totalConnections++;
    if (this.faults.active) this.faults.greet(connection.faults);
    if (this.#condition === "paused") connection.pause();
    this.#whenAwake(() => {
      if (!this.faults.mute) connection.greet();
      if (refusal !== undefined) connection.refuse(refusal);
    });
    if (options.pingInterval > 0) this.#pings.add(connection);
    if (this.authRequired) this.#logins.add(connection);
    return { data: (chunk) => connection.arrived(chunk), closed: () => connection.over() };
  }

  *#links(): Iterable<BrokerConnection["faults"]> {
    for (const connection of this.connections) yield connection.faults;
  }

  *#disturbed(): Iterable<BrokerConnection["faults"]> {
    for (const connection of this.connections) if (connection.isDisturbed) yield connection.faults;
  }

  #greetAll(): void {
    for (const connection of [...this.connections]) this.#whenAwake(() => connection.greet());
  }

  #refuseDials(refused: boolean): void {
    if (this.#condition !== "running" && this.#condition !== "paused") return;
    if (refused) void this.address.close();
    else if (!this.address.isOpen) void this.address.open((stream) => this.#accept(stream));
  }

  #tellClients(): void {
    for (const connection of [...this.connections]) if (connection.hearsInfo) connection.tellInfo();
  }

  #sharedInfo(): Partial<ServerInfo> {
    const { address, options } = this;
    const urls = this.#clientUrls();
    return {
      server_id: this.#serverId,
      server_name: options.name,
      version: options.version,
      proto: 1,
      go: "none",
      host: address.host,
      port: address.port,
      headers: true,
      max_payload: options.maxPayload,
      ...(this.authRequired && { auth_required: true }),
      ...(this.clusterName !== undefined && { cluster: this.clusterName }),
      ...(urls.length > 0 && { connect_urls: urls }),
      ...(this.#condition === "lame-duck" && { ldm: true }),
      ...this.info,
    };
  }

  /** A lame duck tells of the others only. */
  #clientUrls(): string[] {
    if (this.clusterName === undefined) return [];
    const others = [...this.routes].flatMap((route) => route.peerUrl ?? []).sort();
    return this.#condition === "lame-duck" ? others : [this.clientUrl, ...others];
  }

  #untilExpiry(expires: number): number {
    return expires * 1_000 - this.options.clock.wallTime();
  }

  #whenAwake(run: () => void): void {
    if (this.#condition === "paused") this.#deferred.push(run);
    else run();
  }

  #newRouter(): MessageRouter<BrokerConnection> {
    return new MessageRouter(this.options.random, (subject, queue, count) => {
      for (const route of this.routes) route.sendInterest(subject, queue, count);
    });
  }

  #enter(condition: BrokerCondition): void {
    this.#condition = condition;
    this.#shared = undefined;
    this.watcher?.changed(this);
  }
}
