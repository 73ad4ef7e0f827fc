// One real nats-server on loopback with ports and folders of its own: ready when `start` resolves, gone for certain when
// `stop` does, and also when this process dies. Finding the binary is in find-server.ts, clusters in real-cluster.ts.

import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findServer, type ServerBinary } from "./find-server.js";
import { ServerLaunchError } from "./launch-errors.js";
import { type PortReservation, reservePorts } from "./port-reservation.js";
import { type ClusterConfig, type ServerConfig, serverConfig } from "./server-config.js";
import { accepts, monitoring, type ProbedInfo, probe } from "./server-probe.js";
import { ServerProcess } from "./server-process.js";
import { Watchdog } from "./watchdog.js";

const READY_MS = 15_000;
const GRACE_MS = 5_000;

/** What server, where, and with which configuration. */
export interface RealServerOptions {
  /** Default: the newest one `findServer` finds. */
  readonly binary?: ServerBinary;
  /** Default: a free one. */
  readonly port?: number;
  /** Listening address. Default `127.0.0.1`, which is then also what gossip tells. */
  readonly host?: string;
  /** Server name. Default: unique. */
  readonly name?: string;
  /** More configuration in the server's own syntax, placed last; a top-level key here wins. */
  readonly config?: string;
  /** JetStream in a private folder, kept over `restart`. Default `false`. */
  readonly jetstream?: boolean;
  /**
   * A WebSocket listener on a port of its own. `true`: without TLS; a text: fields of its block in the server's own syntax,
   * such as `tls { … }`, in place of `no_tls: true`. Default `false`.
   */
  readonly websocket?: boolean | string;
  /** More command line arguments. */
  readonly args?: readonly string[];
  /** Seconds a lame duck takes to close its clients; the server accepts 30 and more. Default 30. */
  readonly lameDuckDuration?: number;
  /** Seconds a lame duck waits before it closes the first client. Default 1. */
  readonly lameDuckGracePeriod?: number;
  /** Makes it a node of a cluster; `port` as from `reservePorts`. */
  readonly cluster?: ClusterConfig;
}

/** A monitoring document: the fields tests use, and the rest. */
export type Varz = Record<string, unknown> & {
  /** Unique, and a new one after every restart. */
  readonly server_id: string;
  /** The configured name. */
  readonly server_name: string;
  /** Without the `v`. */
  readonly version: string;
  /** Clients connected now. */
  readonly connections: number;
  /** Clients since the start. */
  readonly total_connections: number;
  /** Messages received since the start. */
  readonly in_msgs: number;
  /** Messages sent since the start. */
  readonly out_msgs: number;
  /** Clients cut because they did not read. */
  readonly slow_consumers: number;
  /** Subscriptions now. */
  readonly subscriptions: number;
  /** Routes to other nodes now. */
  readonly routes: number;
};
/** The clients of a server, as its monitoring tells: the fields tests use, and the rest. */
export type Connz = Record<string, unknown> & {
  /** Connections in this answer. */
  readonly num_connections: number;
  /** Connections there are. */
  readonly total: number;
  /** One for each client. */
  readonly connections: readonly (Record<string, unknown> & {
    readonly cid: number;
    readonly port: number;
    readonly name?: string;
    readonly subscriptions: number;
    readonly in_msgs: number;
    readonly out_msgs: number;
    readonly reason?: string;
  })[];
};
/** The routes of a server, as its monitoring tells: the fields tests use, and the rest. */
export type Routez = Record<string, unknown> & {
  /** Routes now. */
  readonly num_routes: number;
  /** One for each route. */
  readonly routes: readonly (Record<string, unknown> & { readonly remote_id: string; readonly remote_name?: string })[];
};

/** A real nats-server. Disposing it stops it. */
export class RealServer {
  /** The program it runs. */
  readonly binary: ServerBinary;
  /** Its `server_name`. */
  readonly name: string;
  /** What it listens on. */
  readonly host: string;
  /** The client port; the same after every restart. */
  readonly port: number;
  /** The port of its monitoring. */
  readonly monitorPort: number;
  /** The port of its WebSocket listener, `undefined` without one. */
  readonly websocketPort: number | undefined;
  /** Private folder: configuration and store. Removed by `stop`. */
  readonly directory: string;
  readonly #options: RealServerOptions;
  readonly #reservation: PortReservation;
  readonly #watchdog: Watchdog;
  readonly #log: string[] = [];
  #process: ServerProcess | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(binary: ServerBinary, options: RealServerOptions, reservation: PortReservation) {
    const [port = 0, monitorPort = 0, websocketPort] = reservation.ports;
    this.binary = binary;
    this.name = options.name ?? `server-${randomUUID().slice(0, 8)}`;
    this.host = options.host ?? "127.0.0.1";
    this.port = options.port ?? port;
    this.monitorPort = monitorPort;
    this.websocketPort = websocketPort;
    this.directory = mkdtempSync(join(tmpdir(), "myelin-nats-"));
    this.#options = options;
    this.#reservation = reservation;
    this.#watchdog = new Watchdog(this.directory);
    this.#writeConfig(options.config);
  }

  /**
   * Starts a server and waits until it has answered on its client port. Rejects with {@link ServerLaunchError} holding
   * its log; nothing is left behind then.
   */
  static async start(options: RealServerOptions = {}): Promise<RealServer> {
    const binary = options.binary ?? (await findServer());
    for (let attempt = 1; ; attempt++) {
      const server = new RealServer(binary, options, await reservePorts(wantsWebsocket(options) ? 3 : 2));
      try {
        await server.#run();
        return server;
      } catch (error) {
        await server.stop();
        // Someone outside of this kit took the port between our look and the server's bind.
        const collided = server.#log.some((line) => /address already in use/i.test(line));
        if (!collided || options.port !== undefined || attempt === 3) throw error;
      }
    }
  }

  /** `nats://host:port`. */
  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** `ws://host:port`, with TLS `wss://host:port`; throws unless started with `websocket`. */
  get websocketUrl(): string {
    if (this.websocketPort === undefined) throw new Error("this server was started without websocket");
    const { websocket } = this.#options;
    const scheme = typeof websocket === "string" && /\btls\b/.test(websocket) ? "wss" : "ws";
    return `${scheme}://${this.host}:${this.websocketPort}`;
  }

  /** Version of the program, without the `v`. */
  get version(): string {
    return this.binary.version;
  }

  /** `nats-route://host:port` for other nodes, or `undefined` outside of a cluster. */
  get routeUrl(): string | undefined {
    const { cluster } = this.#options;
    return cluster === undefined ? undefined : `nats-route://${this.host}:${cluster.port}`;
  }

  /** 0 while it is down. */
  get pid(): number {
    return this.running ? (this.#process?.pid ?? 0) : 0;
  }

  /** False once its process has ended. */
  get running(): boolean {
    return this.#process?.running ?? false;
  }

  /** Its last lines, of all its runs. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Ends it without warning (SIGKILL); resolves when it is gone. Ports, folder and store stay. */
  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    await this.#gone();
  }

  /** Ends it in order, by force after 5 s, and gives back ports and folder. May be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Freezes it (SIGSTOP): its sockets stay open and nobody answers. */
  pause(): void {
    this.#process?.signal("SIGSTOP");
  }

  /** Undoes `pause`. */
  resume(): void {
    this.#process?.signal("SIGCONT");
  }

  /** Starts lame duck mode (SIGUSR2): it tells its clients, after the grace period closes them one by one, and ends. */
  lameDuck(): void {
    this.#process?.signal("SIGUSR2");
  }

  /** Makes it read its configuration again, with this extra text instead of that of `start`. Rejects when it refuses. */
  async reload(config: string | undefined = this.#options.config): Promise<void> {
    this.#writeConfig(config);
    const running = this.#process;
    if (running === undefined) throw new ServerLaunchError(`${this.name} is not running`, this.#log);
    const answer = running.nextLine(/Reloaded server configuration|Failed to reload/, READY_MS);
    running.signal("SIGHUP");
    const line = await answer;
    if (line.includes("Failed")) throw new ServerLaunchError(`${this.name} did not reload`, this.#log);
  }

  /** Stops it if it runs, and starts it again: same ports, name and store. */
  async restart(): Promise<void> {
    this.#requireOwned();
    await this.#end();
    await this.#run();
  }

  /** Sends INFO's fields as a fresh connection sees them. */
  info(): Promise<ProbedInfo> {
    return probe(this.host, this.port, READY_MS);
  }

  /** Asks its monitoring for the server itself. */
  async varz(): Promise<Varz> {
    return (await monitoring(this.monitorPort, "varz")) as Varz;
  }

  /**
   * Asks its monitoring for its clients.
   *
   * @param query as in the monitoring docs: `subs=1`, `state=closed` …
   */
  async connz(query?: string): Promise<Connz> {
    return (await monitoring(this.monitorPort, query === undefined ? "connz" : `connz?${query}`)) as Connz;
  }

  /** Asks its monitoring for its routes. */
  async routez(): Promise<Routez> {
    return (await monitoring(this.monitorPort, "routez")) as Routez;
  }

  /** The next log line that matches; rejects after `ms` (default 15 s) or when the server ends first. */
  nextLogLine(pattern: RegExp, ms: number = READY_MS): Promise<string> {
    if (this.#process === undefined) throw new ServerLaunchError(`${this.name} is not running`, this.#log);
    return this.#process.nextLine(pattern, ms);
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const args = ["-c", join(this.directory, "server.conf"), ...(this.#options.args ?? [])];
    const started = new ServerProcess(this.binary.path, args, this.#log);
    this.#process = started;
    this.#watchdog.guard(started.pid);
    const deadline = performance.now() + READY_MS;
    let last: unknown;
    while (started.running && performance.now() < deadline) {
      try {
        await this.#ready();
        return;
      } catch (error) {
        last = error;
        await sleep(20);
      }
    }
    const happened = started.running ? `was not ready within ${READY_MS} ms` : "ended while starting";
    throw new ServerLaunchError(`${this.name} (nats-server ${this.version}) ${happened}`, this.#log, { cause: last });
  }

  async #ready(): Promise<void> {
    // With handshake_first the server says nothing before TLS: then an open port is all that can be seen from outside.
    const silent = /handshake_first\s*[:=]?\s*"?(true|on|yes|\d)/i.test(this.#options.config ?? "");
    if (!silent) await probe(this.host, this.port, 2_000);
    else if (!(await accepts(this.host, this.port))) throw new Error("not listening yet");
    await monitoring(this.monitorPort, "varz");
  }

  async #end(): Promise<void> {
    const ending = this.#process;
    if (ending === undefined || !ending.running) return;
    ending.signal("SIGTERM");
    ending.signal("SIGCONT"); // a paused process cannot obey
    const grace = new AbortController();
    void sleep(GRACE_MS, undefined, { signal: grace.signal }).then(
      () => ending.signal("SIGKILL"),
      () => {},
    );
    await this.#gone();
    grace.abort();
  }

  async #gone(): Promise<void> {
    await this.#process?.ended();
    this.#watchdog.guard(undefined); // its process id may now be given to someone else
  }

  async #stop(): Promise<void> {
    await this.#end();
    this.#watchdog.dismiss();
    this.#reservation.release();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  #requireOwned(): void {
    if (this.#stopped !== undefined) throw new ServerLaunchError(`${this.name} was stopped for good`, this.#log);
  }

  #writeConfig(extra: string | undefined): void {
    this.#requireOwned();
    const config: ServerConfig = {
      name: this.name,
      host: this.host,
      port: this.port,
      monitorPort: this.monitorPort,
      websocketPort: this.websocketPort,
      websocket: typeof this.#options.websocket === "string" ? this.#options.websocket : "no_tls: true",
      store: this.#options.jetstream === true ? join(this.directory, "jetstream") : undefined,
      cluster: this.#options.cluster,
      lameDuckDuration: this.#options.lameDuckDuration ?? 30,
      lameDuckGracePeriod: this.#options.lameDuckGracePeriod ?? 1,
      extra: extra ?? "",
    };
    writeFileSync(join(this.directory, "server.conf"), serverConfig(config));
  }
}

function wantsWebsocket({ websocket = false }: RealServerOptions): boolean {
  return websocket !== false;
}
