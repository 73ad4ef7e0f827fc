// Starts, kills and restarts real servers for the suite, which asks over HTTP because it may be a page. Also serves that page.
// Listens on loopback; everything it started ends with `stop`.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestAuthority, RealCluster, RealServer, type RealServerOptions } from "@myelin/testing";
import { nkeys } from "myelin";
import { createTestOperator } from "../../../packages/myelin/test/operator.js";
import { IdleCutter } from "./idle-cutter.js";
import type { Material, Plan, Served, ServedKind } from "./suite/plan.js";

/** What a runtime has: told to the suite as its plan. */
export type Abilities = Pick<Plan, "doors" | "overWs">;

interface Started {
  readonly servers: readonly RealServer[];
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export class Host {
  readonly #folder: string;
  readonly #http: Server;
  readonly #started = new Map<number, Started>();
  readonly #cutters = new Map<number, readonly IdleCutter[]>();
  readonly #operator = createTestOperator();
  readonly #user = nkeys.createUser();
  readonly #material: Material;
  #abilities: Abilities = { doors: [], overWs: [] };
  #script = "";
  #last = 0;

  private constructor(folder: string, material: Material) {
    this.#folder = folder;
    this.#material = material;
    this.#http = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://host");
      // Kept alive they would hold up the process that asked.
      response.setHeader("connection", "close");
      void this.#answer(request.method ?? "", url).then(
        ([type, body]) => response.setHeader("content-type", type).end(body),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  }

  static async start(): Promise<Host> {
    const authority = await createTestAuthority();
    const server = await authority.issue({ commonName: "node", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] });
    const client = await authority.issue({ commonName: "client", client: true });
    const folder = mkdtempSync(join(tmpdir(), "myelin-runtimes-"));
    const host = new Host(folder, { ca: authority.caPem, cert: client.certPem, key: client.keyPem });
    const files = { ca: authority.caPem, cert: server.certPem, key: server.keyPem };
    for (const [name, text] of Object.entries(files)) writeFileSync(host.#pem(name), text, { mode: 0o600 });
    await new Promise<void>((resolve) => host.#http.listen(0, "127.0.0.1", resolve));
    return host;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** A file with the authority that a runtime must trust to come in by WebSocket with TLS. */
  get caFile(): string {
    return this.#pem("ca");
  }

  /** Who is about to ask, and for a browser the script of the page. */
  expect(abilities: Abilities, script = ""): void {
    this.#abilities = abilities;
    this.#script = script;
  }

  /** Ends whatever a suite that broke down left running. */
  async clear(): Promise<void> {
    await Promise.all([...this.#started.keys()].map((id) => this.#end(id)));
  }

  async stop(): Promise<void> {
    await this.clear();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answer(method: string, url: URL): Promise<[type: string, body: string]> {
    if (method === "GET" && url.pathname === "/suite.js") return ["text/javascript", this.#script];
    if (method === "GET" && url.pathname === "/")
      return ["text/html", '<!doctype html><title>suite</title><script type="module" src="/suite.js"></script>'];
    if (method !== "POST") throw new Error(`${method} ${url.pathname} is not served here`);
    return ["application/json", JSON.stringify((await this.#do(url)) ?? null)];
  }

  async #do({ pathname, searchParams }: URL): Promise<unknown> {
    const id = Number(searchParams.get("id"));
    switch (pathname) {
      case "/plan":
        return { ...this.#abilities, material: this.#material } satisfies Plan;
      case "/start":
        return this.#serve(searchParams.get("kind") as ServedKind);
      case "/kill":
        return this.#node(id, searchParams).kill();
      case "/restart":
        await this.#node(id, searchParams).restart();
        return this.#at(id).settled();
      case "/stop":
        return this.#end(id);
      case "/cut":
        return this.#cut(id);
      case "/pass":
        return this.#cutters.get(id)?.forEach((cutter) => void cutter.pass());
      case "/connections": {
        const all = await Promise.all(this.#at(id).servers.map((server) => server.connz()));
        return all.flatMap((one) => one.connections).filter((one) => one.name === searchParams.get("name")).length;
      }
      default:
        throw new Error(`nothing does ${pathname}`);
    }
  }

  async #serve(kind: ServedKind): Promise<Served> {
    const [options, secret] = this.#options(kind);
    const started = kind === "cluster" ? await cluster(options) : await alone(options);
    const id = ++this.#last;
    this.#started.set(id, started);
    const scheme = kind === "tls" || kind === "mutual" ? "tls" : "nats";
    return {
      id,
      tcp: started.servers.map(({ host, port }) => `${scheme}://${host}:${port}`),
      websocket: started.servers.map(({ websocketUrl }) => websocketUrl),
      secret,
    };
  }

  /** Proxies that cut idle links, before the first node: one for each of its ports, in the order of {@link Served}. */
  async #cut(id: number): Promise<Pick<Served, "tcp" | "websocket">> {
    const { port, websocketPort = 0, url, websocketUrl } = this.#node(id, new URLSearchParams("node=0"));
    const cutters = await Promise.all([port, websocketPort].map((to) => IdleCutter.start({ port: to })));
    this.#cutters.set(id, cutters);
    const [tcp = [], websocket = []] = [url, websocketUrl].map((before, i) => [
      before.replace(/\d+$/, String(cutters[i]?.proxy.port)),
    ]);
    return { tcp, websocket };
  }

  #options(kind: ServedKind): [RealServerOptions, secret: string] {
    switch (kind) {
      case "tls":
      case "mutual": {
        const verify = kind === "mutual" ? ", verify: true" : "";
        const [cert, key, ca] = ["cert", "key", "ca"].map((name) => JSON.stringify(this.#pem(name)));
        const block = `tls { cert_file: ${cert}, key_file: ${key}, ca_file: ${ca} ${verify} }`;
        return [{ config: block, websocket: block }, ""];
      }
      case "nkey": {
        const config = `authorization { users: [ { nkey: ${this.#user.getPublicKey()} } ] }`;
        return [{ config, websocket: true }, new TextDecoder().decode(this.#user.getSeed())];
      }
      case "creds":
        return [{ config: this.#operator.config, websocket: true }, this.#operator.user().creds];
      default:
        return [{ websocket: true }, ""];
    }
  }

  #at(id: number): Started {
    const started = this.#started.get(id);
    if (started === undefined) throw new Error(`no servers were started as ${id}`);
    return started;
  }

  #node(id: number, params: URLSearchParams): RealServer {
    const server = this.#at(id).servers[Number(params.get("node"))];
    if (server === undefined) throw new Error(`${id} has no node ${params.get("node")}`);
    return server;
  }

  async #end(id: number): Promise<void> {
    const started = this.#at(id);
    this.#started.delete(id);
    const cutters = this.#cutters.get(id) ?? [];
    this.#cutters.delete(id);
    await Promise.all([started.stop(), ...cutters.map((cutter) => cutter.stop())]);
  }

  #pem(name: string): string {
    return join(this.#folder, `${name}.pem`);
  }
}

async function alone(options: RealServerOptions): Promise<Started> {
  const server = await RealServer.start(options);
  return { servers: [server], settled: async () => {}, stop: () => server.stop() };
}

async function cluster(options: RealServerOptions): Promise<Started> {
  const { port: _port, name: _name, cluster: _cluster, ...shared } = options;
  const nodes = await RealCluster.start({ ...shared, size: 3 });
  return { servers: nodes.servers, settled: () => nodes.waitForMesh(), stop: () => nodes.stop() };
}
