// The same faults for every link there is and every link to come, until healed. Holds no bytes itself.

import { realClock } from "../real-clock.js";
import { type FaultDirection, type Faults, LinkFaults } from "./link-faults.js";

type Standing = "delay" | "throttle" | "split" | "silence" | "drop" | "truncate";
const NOBODY = { send: (): void => {}, end: (): void => {} };

type OneWay = Exclude<FaultDirection, "both">;

/** Faults of all links, also of future ones; `reset`, `halfClose` and `garbage` concern those there are. */
export class FaultControl implements Faults {
  readonly #links: () => Iterable<Faults>;
  readonly #disturbed: () => Iterable<Faults>;
  // A link to nobody, so that a wrong argument throws before anything changes, also when there is no link yet.
  readonly #judge: Faults = new LinkFaults(realClock, { client: NOBODY, server: NOBODY, reset: () => {} });
  // The last call of each kind and direction, done again on every new link.
  readonly #standing = new Map<string, (link: Faults) => void>();

  /** @param disturbed those that anything was ever done to; the others need not be healed */
  constructor(links: () => Iterable<Faults>, disturbed: () => Iterable<Faults> = links) {
    this.#links = links;
    this.#disturbed = disturbed;
  }

  /** Whether a new link has anything to be told. */
  get active(): boolean {
    return this.#standing.size > 0;
  }

  delay(ms: number, direction?: FaultDirection): void {
    this.#stand("delay", direction, (link) => link.delay(ms, direction));
  }

  throttle(bytesPerSecond: number, direction?: FaultDirection): void {
    this.#stand("throttle", direction, (link) => link.throttle(bytesPerSecond, direction));
  }

  split(bytes: number, direction?: FaultDirection): void {
    this.#stand("split", direction, (link) => link.split(bytes, direction));
  }

  silence(direction?: FaultDirection): void {
    this.#stand("silence", direction, (link) => link.silence(direction));
  }

  drop(afterBytes: number, direction?: FaultDirection): void {
    this.#stand("drop", direction, (link) => link.drop(afterBytes, direction));
  }

  truncate(afterBytes: number, direction?: FaultDirection): void {
    this.#stand("truncate", direction, (link) => link.truncate(afterBytes, direction));
  }

  halfClose(direction?: OneWay): void {
    for (const link of [...this.#links()]) link.halfClose(direction);
  }

  garbage(bytes: Uint8Array | string, direction?: OneWay): void {
    for (const link of [...this.#links()]) link.garbage(bytes, direction);
  }

  reset(): void {
    for (const link of [...this.#links()]) link.reset();
  }

  heal(): void {
    this.#standing.clear();
    for (const link of [...this.#disturbed()]) link.heal();
  }

  /** Tells a new link what stands. */
  greet(link: Faults): void {
    for (const apply of this.#standing.values()) apply(link);
  }

  #stand(kind: Standing, direction: FaultDirection | undefined, apply: (link: Faults) => void): void {
    apply(this.#judge);
    for (const link of [...this.#links()]) apply(link);
    this.#standing.set(`${kind} ${direction ?? "both"}`, apply);
  }
}
