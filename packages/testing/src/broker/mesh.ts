// Which routes there are: one between every two nodes that run and can reach each other, made and cut as nodes come and go.

import type { Clock } from "@myelin/contracts";
import type { BrokerNode } from "./broker-node.js";
import { Route } from "./route.js";

/** How patient the routes of a cluster are. */
export interface MeshTimes {
  /** Milliseconds until a route that was lost is made again. Default 1000. */
  readonly routeRetry: number;
  /** Milliseconds of silence after which a route is given up. Default 90 000, what nats-server's PINGs between nodes come to. */
  readonly routeTimeout: number;
}

/** Two nodes and what is between them. */
interface Pair {
  readonly first: BrokerNode;
  readonly second: BrokerNode;
  route: Route | undefined;
  /** Stops waiting for the time to make it, or to give it up. */
  cancel: (() => void) | undefined;
}

export class Mesh {
  readonly #nodes: readonly BrokerNode[];
  readonly #clock: Clock;
  readonly #times: MeshTimes;
  readonly #pairs: Pair[] = [];
  readonly #waiting = new Set<() => void>();
  // The side of each node that is on one; nodes without a number are on a side together.
  #sides = new Map<BrokerNode, number>();

  constructor(nodes: readonly BrokerNode[], clock: Clock, times: MeshTimes) {
    this.#nodes = nodes;
    this.#clock = clock;
    this.#times = times;
    nodes.forEach((first, index) => {
      for (const second of nodes.slice(index + 1)) {
        this.#pairs.push({ first, second, route: undefined, cancel: undefined });
      }
    });
  }

  /** Starts every node and connects them at once; rejects, once all have been tried, when one could not start. */
  async start(): Promise<void> {
    const started = this.#nodes.map((node) => node.start());
    for (const pair of this.#pairs) this.#make(pair);
    for (const node of this.#nodes) node.watcher = { changed: (changed) => this.#changed(changed) };
    for (const result of await Promise.allSettled(started)) if (result.status === "rejected") throw result.reason;
  }

  stop(): void {
    for (const node of this.#nodes) node.watcher = undefined;
    this.#waiting.clear();
    for (const pair of this.#pairs) {
      this.#wait(pair, undefined);
      pair.route?.cut();
      pair.route = undefined;
    }
  }

  partition(groups: readonly (readonly number[])[]): void {
    this.#sides = new Map(
      groups.flatMap((group, side) =>
        group.flatMap((index) => {
          const node = this.#nodes[index];
          return node === undefined ? [] : ([[node, side]] as const);
        }),
      ),
    );
    for (const pair of this.#pairs) this.#tend(pair);
  }

  /** Calls back once, now or when the mesh is whole; the returned function forgets it. */
  whenWhole(run: () => void): () => void {
    const told = (): void => {
      this.#waiting.delete(told);
      run();
    };
    if (this.missing() === undefined) run();
    else this.#waiting.add(told);
    return () => void this.#waiting.delete(told);
  }

  /** What the mesh lacks, in words. */
  missing(): string | undefined {
    const pair = this.#pairs.find(({ first, second, route }) => this.#canTalk(first, second) && route === undefined);
    return pair === undefined ? undefined : `${pair.first.options.name} has no route to ${pair.second.options.name}`;
  }

  #changed(node: BrokerNode): void {
    for (const pair of this.#pairs) if (pair.first === node || pair.second === node) this.#tend(pair);
  }

  #reachable(first: BrokerNode, second: BrokerNode): boolean {
    return this.#sides.get(first) === this.#sides.get(second);
  }

  #canTalk(first: BrokerNode, second: BrokerNode): boolean {
    return this.#reachable(first, second) && [first, second].every(({ condition }) => condition === "running");
  }

  /** Brings what is between two nodes in line with how they are. */
  #tend(pair: Pair): void {
    const { first, second, route } = pair;
    const conditions = [first.condition, second.condition];
    if (conditions.includes("stopped")) {
      this.#wait(pair, undefined);
      this.#cut(pair);
      this.#tell();
    } else if (route === undefined) {
      if (!this.#canTalk(first, second)) this.#wait(pair, undefined);
      else if (pair.cancel === undefined) this.#wait(pair, this.#times.routeRetry, () => this.#make(pair));
    } else {
      const silent = conditions.includes("paused") || !this.#reachable(first, second);
      route.hold(silent);
      if (!silent) this.#wait(pair, undefined);
      else if (pair.cancel === undefined) this.#wait(pair, this.#times.routeTimeout, () => this.#cut(pair));
    }
  }

  #make(pair: Pair): void {
    pair.route = new Route(this.#clock, pair.first, pair.second);
    pair.first.announce();
    pair.second.announce();
    this.#tell();
  }

  #cut(pair: Pair): void {
    const { first, second, route } = pair;
    if (route === undefined) return;
    pair.route = undefined;
    route.cut();
    first.announce();
    second.announce();
    this.#tend(pair);
  }

  #wait(pair: Pair, ms: number | undefined, run: () => void = () => {}): void {
    pair.cancel?.();
    pair.cancel =
      ms === undefined
        ? undefined
        : this.#clock.after(ms, () => {
            pair.cancel = undefined;
            run();
          });
  }

  #tell(): void {
    if (this.missing() === undefined) for (const told of [...this.#waiting]) told();
  }
}
