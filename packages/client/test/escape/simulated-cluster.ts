// Fake servers in a simulated network, and what may befall them. Whatever befell them, `heal` brings them back.

import { type FakeScript, FakeServer, type MemoryNetwork } from "@myelin/testing";

/** What a cluster does to its clients. */
export const FAULTS = ["kill", "reset", "silence", "black hole", "auth", "goodbye", "garbage", "lame duck"] as const;
export type Fault = (typeof FAULTS)[number];

const PORT = 4222;

/** A plain server that denies one subject for publishing and one for subscribing. */
const PLAIN: FakeScript = {
  onPub: (connection, { subject }) => {
    if (subject !== "denied") return undefined;
    connection.err('Permissions Violation for Publish to "denied"');
    return "skip";
  },
  onSub: (connection, { subject }) => {
    if (subject !== "forbidden") return undefined;
    connection.err('Permissions Violation for Subscription to "forbidden"');
    return "skip";
  },
};

const SILENT: FakeScript = {
  ...PLAIN,
  info: () => undefined,
  onPing: () => "silence",
  onPub: () => "skip",
};

const SUSPICIOUS: FakeScript = {
  ...PLAIN,
  onConnect: (connection) => {
    connection.err("Authorization Violation");
    connection.end();
    return "skip";
  },
};

const RESETTING: FakeScript = {
  ...PLAIN,
  onConnect: (connection) => {
    connection.reset();
    return "skip";
  },
};

export class SimulatedCluster {
  readonly #network: MemoryNetwork;
  readonly #names: readonly string[];
  readonly #running = new Map<string, FakeServer>();
  readonly #all: FakeServer[] = [];

  /** Nothing runs before {@link heal}. */
  constructor(network: MemoryNetwork, names: readonly string[]) {
    this.#network = network;
    this.#names = names;
  }

  /** Sids the servers know. */
  get sids(): number[] {
    return [...this.#running.values()].flatMap((server) => server.subscriptions.map((one) => Number(one.sid)));
  }

  /** Streams nobody has ended. */
  get openStreams(): number {
    return this.#all.flatMap((server) => server.connections.filter((one) => one.isOpen)).length;
  }

  /** Every server runs and behaves. */
  heal(): void {
    for (const name of this.#names) {
      this.#network.heal(name, PORT);
      this.#server(name).script = PLAIN;
    }
  }

  /** This happens to one server, or to all. One that is down is started for it, unless it is to be killed. */
  async strike(fault: Fault, name: string | undefined = undefined): Promise<void> {
    for (const one of name === undefined ? this.#names : [name]) await this.#strike(fault, one);
  }

  async stop(): Promise<void> {
    for (const server of this.#running.values()) await server.stop();
    this.#running.clear();
  }

  async #strike(fault: Fault, name: string): Promise<void> {
    if (fault === "kill") {
      await this.#running.get(name)?.stop();
      this.#running.delete(name);
      return;
    }
    const server = this.#server(name);
    const open = server.connections.filter((one) => one.isOpen);
    if (fault === "reset") {
      server.script = RESETTING;
      for (const one of open) one.reset();
    } else if (fault === "silence") server.script = SILENT;
    else if (fault === "black hole") this.#network.blackHole(name, PORT);
    else if (fault === "auth") {
      server.script = SUSPICIOUS;
      for (const one of open) {
        one.err("User Authentication Expired");
        one.end();
      }
    } else if (fault === "goodbye") for (const one of open) one.end();
    else if (fault === "garbage") for (const one of open) one.send("MSG news 1 nonsense\r\n");
    else server.sendInfo({ ldm: true, connect_urls: ["b:4222", "d:4222"] });
  }

  #server(name: string): FakeServer {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const server = FakeServer.onMemory(this.#network, { host: name, port: PORT }, PLAIN);
    this.#running.set(name, server);
    this.#all.push(server);
    return server;
  }
}
