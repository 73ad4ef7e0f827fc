// Pools with one fault each, as somebody might make it by mistake. The model must tell every one of them from a sound pool.

import type { Random } from "@myelin/contracts";
import {
  type Decision,
  type PoolChange,
  type PoolOptions,
  type ServerFailure,
  ServerPool,
  type ServerView,
} from "../src/index.js";
import type { MakePool } from "./pool-model.js";

type PoolClass = new (options: PoolOptions, random: Random) => ServerPool;
const made =
  (broken: PoolClass): MakePool =>
  (options, random) =>
    new broken(options, random);

/** What is wrong with it, and how to make one. */
export const brokenPools: Readonly<Record<string, MakePool>> = {
  "forgets every wait": made(
    class extends ServerPool {
      override decide(now: number): Decision {
        this.wakeNow(now);
        return super.decide(now);
      }
    },
  ),
  "waits a little too short": made(
    class extends ServerPool {
      override decide(now: number): Decision {
        const decision = super.decide(now);
        return decision.kind === "wait" ? super.decide(now + 5) : decision;
      }
    },
  ),
  "names a moment that has passed": made(
    class extends ServerPool {
      override decide(now: number): Decision {
        const decision = super.decide(now);
        return decision.kind === "wait" ? { kind: "wait", until: now } : decision;
      }
    },
  ),
  "waits although a server may be dialled": made(
    class extends ServerPool {
      #asked = 0;
      override decide(now: number): Decision {
        this.#asked += 1;
        return this.#asked % 10 === 0 ? { kind: "wait", until: now + 1_000 } : super.decide(now);
      }
    },
  ),
  "gives up after ten dials": made(
    class extends ServerPool {
      #dials = 0;
      override decide(now: number): Decision {
        this.#dials += 1;
        return this.#dials > 10 ? { kind: "give-up", reason: "empty-pool" } : super.decide(now);
      }
    },
  ),
  "has no wait between two servers": (options, random) => {
    const { backoff } = options;
    return new ServerPool({ ...options, backoff: backoff && { delay: backoff.delay } }, random);
  },
  "jitters twice as long": (options, random) => new ServerPool({ ...options, firstAttemptJitter: 200 }, random),
  "does not count a failure": made(
    class extends ServerPool {
      override failed(id: number, failure: Omit<ServerFailure, "at">, now: number): void {
        super.failed(id, failure, now);
        super.connected(id, now);
        super.left(id, now);
      }
    },
  ),
  "overlooks authentication errors": made(
    class extends ServerPool {
      override failed(id: number, failure: Omit<ServerFailure, "at">, now: number): void {
        if (failure.kind !== "auth") super.failed(id, failure, now);
      }
    },
  ),
  "does not notice a loss": made(
    class extends ServerPool {
      override lost(): void {}
    },
  ),
  "takes a loss for a parting": made(
    class extends ServerPool {
      override lost(id: number, _error: Error, now: number): void {
        super.left(id, now);
      }
    },
  ),
  "takes a parting for a loss": made(
    class extends ServerPool {
      override left(id: number, now: number): void {
        super.lost(id, new Error("left"), now);
      }
    },
  ),
  "dials a server twice at once": made(
    class extends ServerPool {
      override dialing(): void {}
    },
  ),
  "allows one attempt too many": (options, random) =>
    new ServerPool(
      { ...options, maxAttempts: (options.maxAttempts ?? -1) >= 0 ? (options.maxAttempts ?? 0) + 1 : -1 },
      random,
    ),
  "never forgets a failure": made(
    class extends ServerPool {
      override connected(id: number, now: number): void {
        const failures = this.get(id)?.consecutiveFailures ?? 0;
        super.connected(id, now);
        if (failures < 2) return;
        super.left(id, now);
        super.failed(id, { kind: "network", error: new Error("again") }, now);
        super.connected(id, now);
        this.wakeNow(now);
      }
    },
  ),
  "lets an INFO evict a seed": made(
    class extends ServerPool {
      override advertise(urls: readonly string[] | undefined, from: number, now: number): PoolChange {
        const change = super.advertise(urls, from, now);
        const listed = this.snapshot().filter((server) => urls?.includes(server.url.key));
        if (listed.length > 0 && listed.length < this.size) this.replace(listed.map((server) => server.url.href));
        return change;
      }
    },
  ),
  "takes an INFO without a list for an empty cluster": made(
    class extends ServerPool {
      override advertise(urls: readonly string[] | undefined, from: number, now: number): PoolChange {
        return super.advertise(urls?.length === 0 ? [this.get(from)?.url.key ?? "x"] : urls, from, now);
      }
    },
  ),
  "ignores what is advertised": (options, random) => new ServerPool({ ...options, gossip: "ignore" }, random),
  "keeps advertised servers that have left": made(
    class extends ServerPool {
      override advertise(urls: readonly string[] | undefined, from: number, now: number): PoolChange {
        return super.advertise(urls && [...urls, ...this.snapshot().map((server) => server.url.key)], from, now);
      }
    },
  ),
  "keeps old servers when the list is replaced": made(
    class extends ServerPool {
      override replace(servers: string | readonly string[]): PoolChange {
        return super.replace([...servers, ...this.snapshot().map((server) => server.url.href)]);
      }
    },
  ),
  "holds a server twice": made(
    class extends ServerPool {
      override snapshot(): readonly ServerView[] {
        const servers = super.snapshot();
        return [...servers.slice(0, 1), ...servers.slice(0, -1)];
      }
    },
  ),
  "dials a server that was removed": made(
    class extends ServerPool {
      #first: Decision | undefined;
      override decide(now: number): Decision {
        const decision = super.decide(now);
        if (decision.kind !== "dial") return decision;
        this.#first ??= decision;
        return this.get(this.#first.kind === "dial" ? this.#first.server.id : 0) === undefined ? this.#first : decision;
      }
    },
  ),
  "always dials the first that may be": made(
    class extends ServerPool {
      override decide(now: number): Decision {
        const decision = super.decide(now);
        if (decision.kind !== "dial") return decision;
        const first = this.snapshot().find((server) => server.state === "idle" && server.eligibleAt <= now);
        return first === undefined ? decision : { kind: "dial", server: { ...first, reason: "chosen" } };
      }
    },
  ),
  "runs off the end of its list": made(
    class extends ServerPool {
      #asked = 0;
      override decide(now: number): Decision {
        this.#asked += 1;
        const decision = super.decide(now);
        const server = this.snapshot()[this.#asked % 7];
        if (decision.kind !== "dial" || server?.state !== "idle") return decision;
        return {
          kind: "dial",
          server: { ...(this.snapshot()[(this.#asked % 7) + 1] as ServerView), reason: "chosen" },
        };
      }
    },
  ),
  "waits on when the clock goes back": made(
    class extends ServerPool {
      #latest = Number.NEGATIVE_INFINITY;
      override decide(now: number): Decision {
        this.#latest = Math.max(this.#latest, now);
        return now < this.#latest ? { kind: "wait", until: this.#latest } : super.decide(now);
      }
    },
  ),
  "moves to a server that waits": made(
    class extends ServerPool {
      override rebalance(now: number): ReturnType<ServerPool["rebalance"]> {
        const to = this.snapshot().find((server) => server.state === "idle" && server.eligibleAt > now);
        return to === undefined ? super.rebalance(now) : { kind: "move", to, reason: "better" };
      }
    },
  ),
  "moves without a connection": made(
    class extends ServerPool {
      override rebalance(now: number): ReturnType<ServerPool["rebalance"]> {
        const to = this.snapshot().find((server) => server.state === "idle" && server.eligibleAt <= now);
        return to === undefined ? super.rebalance(now) : { kind: "move", to, reason: "balance" };
      }
    },
  ),
};
