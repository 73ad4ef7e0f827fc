// A connection under test in a simulated cluster, the scene its calls play in, and the check at the end that nothing is left.

import { memoryNetwork, seededRandom, VirtualClock } from "@myelin/testing";
import { type ConnectionOptions, connect, type NatsConnection, type Subscription } from "../../src/index.js";
import type { Scene } from "./calls.js";
import { EventWitness } from "./event-witness.js";
import { Ledger, printed } from "./ledger.js";
import { QUICK, sceneOf } from "./scene.js";
import { SimulatedCluster } from "./simulated-cluster.js";
import type { Entry } from "./table.js";
import { trap } from "./traps.js";

/** Virtual milliseconds within which everything settles once the connection is closed; one attempt of a second connection. */
const PATIENCE = 2_000;

export class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly ledger: Ledger = new Ledger();
  readonly cluster: SimulatedCluster;
  readonly random: () => number;
  readonly subscriptions: Subscription[] = [];
  readonly #dial: (options: ConnectionOptions) => Promise<NatsConnection>;
  readonly #names: readonly string[];
  readonly #dialled: Promise<NatsConnection>[] = [];
  readonly #release: () => void;
  #scene: Scene | undefined;
  #events: EventWitness | undefined;

  constructor(seed: number, names: readonly string[]) {
    const network = memoryNetwork({ clock: this.clock });
    this.random = seededRandom(seed);
    this.#names = names;
    this.cluster = new SimulatedCluster(network, names);
    const runtime = { transports: [network.transport], clock: this.clock, random: seededRandom(seed + 1) };
    this.#dial = (options) => connect({ servers: names, ...QUICK, ...options }, runtime);
    this.#release = trap((what) => this.ledger.problems.push(what));
  }

  get nc(): NatsConnection {
    return this.scene.nc;
  }

  get scene(): Scene {
    if (this.#scene === undefined) throw new Error("connect first");
    return this.#scene;
  }

  /** Connects, with a subscription of each kind: one that answers, one that is iterated, one nobody reads. */
  async connect(options: ConnectionOptions = {}): Promise<void> {
    const nc = await this.clock.until(this.#dial(options));
    this.#events = new EventWitness(nc);
    this.#scene = sceneOf({
      nc,
      clock: this.clock,
      ledger: this.ledger,
      random: this.random,
      servers: this.#names.join(","),
      subscriptions: this.subscriptions,
      dial: (more) => {
        const other = this.#dial(more);
        this.#dialled.push(other);
        return other;
      },
    });
  }

  call(entry: Entry): void {
    this.ledger.call(entry, this.scene);
  }

  /** Closes what is still open, waits for everything that was called, and tells what is wrong. */
  async end(): Promise<readonly string[]> {
    const { clock, cluster, ledger, nc } = this;
    try {
      const closing = nc.close();
      await clock.until(Promise.all([closing, nc.closed()]), PATIENCE);
      await ledger.settled((all) => clock.until(all, PATIENCE));
      for (const other of await Promise.allSettled(this.#dialled)) {
        if (other.status === "fulfilled") await clock.until(other.value.close(), PATIENCE);
      }
      ledger.released();
      ledger.abort();
      ledger.problems.push(...((await this.#events?.problems()) ?? []));
      if (nc.state !== "closed") ledger.problems.push(`it is ${nc.state} in the end`);
      if (nc.bufferedBytes > 0) ledger.problems.push(`${nc.bufferedBytes} bytes are left`);
      if (clock.pendingTimers > 0) ledger.problems.push(`${clock.pendingTimers} timers are left`);
      this.cluster.heal(); // a black hole also swallows the end of a stream
      await clock.settle();
      if (cluster.openStreams > 0) ledger.problems.push(`${cluster.openStreams} streams are left`);
      await cluster.stop();
      await clock.settle();
    } catch (error) {
      ledger.problems.push(`the end: ${printed(error)}`);
    } finally {
      this.#release();
    }
    return ledger.problems;
  }

  /** Whatever throws in here came out of a timer or the end of a turn. */
  async passing(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.ledger.problems.push(`thrown by a timer: ${printed(error)}`);
    }
  }
}
