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
import type { NodeAddresses } from "./sockets.js";
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

/** Over TCP or memory, or over WebSocket. */
export type ConnectionType = BrokerConnection["type"];

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
  readonly addresses: NodeAddresses;
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
  // What INFO says to all of a type, until the next change.
  #shared: { [type in ConnectionType]?: Partial<ServerInfo> } = {};
  readonly #told = { nats: new ToldInfo(), websocket: new ToldInfo() };
  #nextId = 1;
  #deferred: (() => void)[] = [];
  // Dials that have been taken and not been answered.
  #unserved: (() => void)[] = [];
  #cancelLameDuck: () => void = () => {};
  readonly #streams = new Map<BrokerConnection, ServerStream>();
  readonly #pings: DueQueue<BrokerConnection>;
  readonly #logins: DueQueue<BrokerConnection>;
  readonly #expiries = new Map<BrokerConnection, () => void>();

  constructor(addresses: NodeAddresses, options: ResolvedBrokerOptions) {
    this.addresses = addresses;
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

  /** What it tells clients of this type to dial. */
  urlFor(type: ConnectionType): string | undefined {
    const { client, webSocket } = this.addresses;
    if (type === "nats") return this.options.advertise ?? told(client);
    return webSocket?.advertise ?? (webSocket === undefined ? undefined : told(webSocket.address));
  }

  // --- life ----------------------------------------------------------------------------------------------------------

  /** When one of its addresses cannot be had, it rejects and has none. */
  async start(): Promise<void> {
    this.#serverId = serverIdOf(this.options.random);
    this.#enter("running");
    for (const result of await Promise.allSettled(this.#doors.map((door) => this.#open(door)))) {
      if (result.status === "fulfilled") continue;
      await this.kill();
      throw result.reason;
    }
  }

  /** Everything it had is gone at once. */
  async kill(): Promise<void> {
    if (this.#condition === "stopped") return;
    const closed = this.#closeDoors();
    this.#cancelLameDuck();
    this.#deferred = [];
    this.#unserved = [];
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
    void this.#closeDoors();
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
    this.#shared = {};
    this.#whenAwake(() => this.#tellClients());
  }

  // --- for its connections -------------------------------------------------------------------------------------------

  infoBytes(type: ConnectionType, own: OwnInfo): Uint8Array {
    this.#shared[type] ??= this.#sharedInfo(type);
    return this.#told[type].bytes(this.#shared[type], own);
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

  get #doors(): readonly ListeningAddress[] {
    const { client, webSocket } = this.addresses;
    return webSocket === undefined ? [client] : [client, webSocket.address];
  }

  #open(door: ListeningAddress): Promise<void> {
    return door.open(
      (stream) => this.#accept(stream),
      (run) => (this.faults.mute ? void this.#unserved.push(run) : this.#whenAwake(run)),
    );
  }

  async #closeDoors(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.close()));
  }

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
    const unserved = this.#unserved;
    this.#unserved = [];
    for (const run of unserved) this.#whenAwake(run);
    for (const connection of [...this.connections]) this.#whenAwake(() => connection.greet());
  }

  #refuseDials(refused: boolean): void {
    if (this.#condition !== "running" && this.#condition !== "paused") return;
    if (refused) void this.#closeDoors();
    else for (const door of this.#doors) if (!door.isOpen) void this.#open(door);
  }

  #tellClients(): void {
    for (const connection of [...this.connections]) if (connection.hearsInfo) connection.tellInfo();
  }

  #sharedInfo(type: ConnectionType): Partial<ServerInfo> {
    const { options } = this;
    const { client, webSocket } = this.addresses;
    // Older servers tell all clients where they listen for TCP.
    const { host, port } = (type === "websocket" && this.isOrNewer("2.12.0") && webSocket?.address) || client;
    const urls = this.#clientUrls(type);
    return {
      server_id: this.#serverId,
      server_name: options.name,
      version: options.version,
      proto: 1,
      go: "none",
      host,
      port,
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
  #clientUrls(type: ConnectionType): string[] {
    if (this.clusterName === undefined) return [];
    const others = [...this.routes].flatMap((route) => route.peerUrl(type) ?? []).sort();
    return this.#condition === "lame-duck" ? others : [this.urlFor(type) ?? [], others].flat();
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
    this.#shared = {};
    this.watcher?.changed(this);
  }
}

function told({ host, port }: ListeningAddress): string {
  return `${host}:${port}`;
}
