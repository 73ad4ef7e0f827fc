// Writes a nats-server configuration: loopback addresses, private folders, and the caller's own text last.
// Source: the server's configuration reference; a later top-level key wins over an earlier one.

/** A port of the configuration, or `undefined` to leave the feature out. */
export interface ServerConfig {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly websocketPort: number | undefined;
  /** More fields of the websocket block. */
  readonly websocket: string;
  /** Folder of JetStream; `undefined` = no JetStream. */
  readonly store: string | undefined;
  readonly cluster: ClusterConfig | undefined;
  /** Whole seconds a lame duck takes to close its clients (the server refuses less than 30) … */
  readonly lameDuckDuration: number;
  /** … of which it first waits this many, telling only. Less than the duration. */
  readonly lameDuckGracePeriod: number;
  /** More configuration, in the server's own syntax. */
  readonly extra: string;
}

/** A node's place in its cluster. */
export interface ClusterConfig {
  /** Name of the cluster; the same on all nodes. */
  readonly name: string;
  /** Where it listens for routes. */
  readonly port: number;
  /** `nats-route://…` URLs to dial. */
  readonly routes: readonly string[];
}

/** The configuration file's text. */
export function serverConfig(config: ServerConfig): string {
  const { name, host, port, monitorPort, websocketPort, store, cluster, extra } = config;
  const text = JSON.stringify;
  return [
    `server_name: ${text(name)}`,
    `host: ${text(host)}`,
    `port: ${port}`,
    `http: ${text(`127.0.0.1:${monitorPort}`)}`,
    `lame_duck_duration: "${config.lameDuckDuration}s"`,
    `lame_duck_grace_period: "${config.lameDuckGracePeriod}s"`,
    ...(websocketPort === undefined
      ? []
      : [`websocket { host: ${text(host)}, port: ${websocketPort}, ${config.websocket} }`]),
    ...(store === undefined ? [] : [`jetstream { store_dir: ${text(store)} }`]),
    ...(cluster === undefined ? [] : [clusterBlock(host, cluster)]),
    extra,
    "",
  ].join("\n");
}

function clusterBlock(host: string, { name, port, routes }: ClusterConfig): string {
  const list = routes.map((route) => JSON.stringify(route)).join(", ");
  return `cluster { name: ${JSON.stringify(name)}, listen: ${JSON.stringify(`${host}:${port}`)}, routes: [${list}] }`;
}
