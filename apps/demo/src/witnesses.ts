// The witnesses of the cluster, one at home on each node: who of them can be trusted, and the way back for those that had to
// leave their node. One witness's life is in witness.ts.

import type { DemoCluster, DemoServer } from "./cluster.js";
import type { Ledger } from "./ledger.js";
import type { Clock } from "./load.js";
import { Witness } from "./witness.js";

/** Waits for a condition; rejects when it does not come. */
export type Until = (what: string, holds: () => boolean | Promise<boolean>) => Promise<void>;

export class Witnesses {
  readonly #all: readonly Witness[];
  readonly #ledger: Ledger;
  readonly #trusted = new Set<number>();

  private constructor(all: readonly Witness[], ledger: Ledger) {
    this.#all = all;
    this.#ledger = ledger;
  }

  static async start({ servers }: DemoCluster, ledger: Ledger): Promise<Witnesses> {
    const arrived = (witness: number, message: number): void => ledger.arrived(witness, message);
    return new Witnesses(
      await Promise.all(servers.map((server, index) => Witness.start(server, index, { arrived }))),
      ledger,
    );
  }

  [Symbol.iterator](): Iterator<Witness> {
    return this.#all[Symbol.iterator]();
  }

  /** What those on this node see from now on is no evidence. */
  distrust(server: DemoServer): void {
    for (const [number, witness] of this.#all.entries()) {
      if (!witness.isOn(server)) continue;
      this.#ledger.distrust(number);
      this.#trusted.delete(number);
    }
  }

  /** From now on every message is due at each of them. */
  trust(): void {
    for (const number of this.#all.keys()) {
      this.#ledger.trust(number);
      this.#trusted.add(number);
    }
  }

  /** One that can be relied on now. */
  reliable(): Witness | undefined {
    return this.#all.find((one, number) => this.#trusted.has(number) && one.connected);
  }

  /** Waits until each is on its own node, and hears the load there. */
  async gather(until: Until, clock: Clock): Promise<void> {
    const home = (one: Witness): Promise<void> =>
      until(`the witness of ${one.home.name} is at home`, () => one.goHome(clock.now()));
    await Promise.all(this.#all.map(home));
    const heard = this.#all.map((one) => one.received);
    await until("every witness hears the load", () => this.#all.every((one, at) => one.received > (heard[at] ?? 0)));
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#all.map((witness) => witness.stop()));
  }
}
