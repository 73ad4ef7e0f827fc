// What may befall a cluster of three, and how it is healed. `isRough` from the first fault that may cost anybody anything until all of
// it is healed and forgotten; a server that leaves in order, and one that returns, cost nobody anything.

import type { Broker, BrokerCluster, VirtualClock } from "@myelin/testing";

/** Seconds until a lame duck closes its first client, and until it has closed all. */
export const GRACE = 8;
export const LAME_DUCK = 12;

type Fault = (server: Broker, random: () => number) => unknown;

const FAULTS: { readonly [what: string]: Fault } = {
  kill: (server) => server.kill(),
  restart: (server) => server.restart(),
  pause: (server) => server.pause(),
  resume: (server) => server.resume(),
  "lame duck": (server) => server.lameDuck(),
  split: (server, random) => server.faults.split(1 + Math.floor(random() * 9)),
  delay: (server, random) => server.faults.delay(Math.floor(random() * 300)),
  "black hole": (server) => server.faults.blackHole(),
  refuse: (server) => server.faults.refuse(),
  reset: (server) => server.faults.reset(),
  "half close": (server) => server.faults.halfClose("to-client"),
  nonsense: (server) => server.faults.garbage("MSG nonsense\r\n"),
  stale: (server) => server.faults.garbage("-ERR 'Stale Connection'\r\n"),
  "unknown error": (server) => server.faults.garbage("-ERR 'something new'\r\n"),
  "truncate to client": (server, random) => server.faults.truncate(Math.floor(random() * 400), "to-client"),
  "truncate to server": (server, random) => server.faults.truncate(Math.floor(random() * 400), "to-server"),
  "drop to client": (server, random) => server.faults.drop(Math.floor(random() * 400), "to-client"),
  "drop to server": (server, random) => server.faults.drop(Math.floor(random() * 400), "to-server"),
  "refuse credentials": (server, random) => server.faults.failAuth(random() * 2_000),
};

export class Weather {
  readonly #cluster: BrokerCluster;
  readonly #random: () => number;
  readonly #leaving = new Set<number>();
  // No stream that lost bytes goes on as if nothing were: it ends before it is healed.
  readonly #torn = new Set<number>();
  // Milliseconds every byte takes, also in fair weather.
  readonly #latency: readonly number[];
  isRough = false;

  constructor(cluster: BrokerCluster, random: () => number) {
    this.#cluster = cluster;
    this.#random = random;
    const most = random() < 0.3 ? 0 : 60;
    this.#latency = cluster.servers.map(() => Math.floor(random() * most));
    for (const index of this.#latency.keys()) this.#heal(index);
  }

  /** Something happens to one server, or to the routes between them. */
  async strike(): Promise<string> {
    this.isRough = true;
    const dice = this.#random();
    const index = Math.floor(this.#random() * 3);
    if (dice < 0.06) {
      this.#cluster.partition([index]);
      return `partition ${index}`;
    }
    if (dice < 0.1) {
      this.#cluster.heal();
      return "routes healed";
    }
    if (dice < 0.14) {
      this.#heal(index);
      return `heal ${index}`;
    }
    const names = Object.keys(FAULTS);
    const what = names[Math.floor(this.#random() * names.length)] ?? "kill";
    await FAULTS[what]?.(this.#cluster.server(index), this.#random);
    if (what === "lame duck") this.#leaving.add(index);
    if (what.startsWith("drop ")) this.#torn.add(index);
    return `${what} at ${index}`;
  }

  /** A server leaves in order, if two others stay. */
  lameDuck(): string | undefined {
    const index = Math.floor(this.#random() * 3);
    if (this.#leaving.size > 0) return undefined;
    this.#leaving.add(index);
    this.#cluster.server(index).lameDuck();
    return `lame duck ${index}`;
  }

  /** Who has left in order returns, and is in touch with the others before anything else happens. */
  async welcome(clock: VirtualClock): Promise<void> {
    for (const index of [...this.#leaving]) {
      if (this.#cluster.server(index).running) continue;
      await this.#cluster.server(index).restart();
      this.#leaving.delete(index);
      await clock.until(this.#cluster.waitForMesh());
    }
  }

  /** Waits until whoever leaves in order is gone, and lets it return. */
  async afterLeaving(clock: VirtualClock): Promise<void> {
    if (this.#leaving.size === 0) return;
    await clock.advance((LAME_DUCK + 3) * 1_000);
    await this.welcome(clock);
  }

  /** Every server runs, well and in touch with the others. */
  async heal(clock: VirtualClock): Promise<void> {
    this.#cluster.heal();
    for (const [index, server] of this.#cluster.servers.entries()) {
      server.resume();
      this.#heal(index);
    }
    for (const [index, server] of this.#cluster.servers.entries()) {
      if (this.#leaving.has(index) || !server.running) await server.restart();
    }
    this.#leaving.clear();
    await clock.until(this.#cluster.waitForMesh());
  }

  /** What was on its way when all was healed has arrived. */
  calm(): void {
    this.isRough = false;
  }

  #heal(index: number): void {
    const { faults } = this.#cluster.server(index);
    if (this.#torn.delete(index)) faults.reset();
    faults.heal();
    const latency = this.#latency[index] ?? 0;
    if (latency > 0) faults.delay(latency);
  }
}
