// One run of the nats-server binary: start, signals, log lines, end. Knows neither configuration nor the protocol.

import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const KEPT_LINES = 1000;

/** A running nats-server process. It does not keep this process alive, except while someone waits for it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #log: string[];
  readonly #ended: Promise<void>;
  readonly #watchers = new Set<(line: string) => void>();
  #running = true;

  /** @param log where lines are appended; the oldest are dropped beyond 1000 */
  constructor(path: string, args: readonly string[], log: string[]) {
    this.#log = log;
    this.#child = spawn(path, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#running = false;
        resolve();
      };
      this.#child.once("exit", end);
      this.#child.once("error", (error) => {
        this.#keep(error.message);
        end();
      });
    });
    this.#child.unref();
    const { stderr } = this.#child;
    if (stderr === null) return;
    if (stderr instanceof Socket) stderr.unref();
    createInterface({ input: stderr }).on("line", (line) => this.#keep(line));
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Sends a signal; does nothing once the process has ended. */
  signal(name: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(name);
  }

  /** Resolves when the process is gone; holds this process alive meanwhile. */
  async ended(): Promise<void> {
    if (!this.#running) return;
    this.#child.ref();
    await this.#ended;
  }

  /** The next log line that matches. Rejects after `ms`, or when the process ends first. */
  async nextLine(pattern: RegExp, ms: number): Promise<string> {
    const over = new AbortController();
    let watcher: (line: string) => void = () => {};
    const found = new Promise<string>((resolve) => {
      watcher = (line) => {
        if (pattern.test(line)) resolve(line);
      };
      this.#watchers.add(watcher);
    });
    // A plain timer, because it also holds this process alive while someone waits.
    const expired = sleep(ms, `within ${ms} ms`, { signal: over.signal });
    const died = this.#ended.then(() => "before it ended");
    expired.catch(() => {}); // aborted below
    try {
      const limit = Promise.race([expired, died]).then((when) => {
        throw new Error(`nats-server logged nothing like ${pattern} ${when}`);
      });
      limit.catch(() => {}); // the line came first
      return await Promise.race([found, limit]);
    } finally {
      this.#watchers.delete(watcher);
      over.abort();
    }
  }

  #keep(line: string): void {
    this.#log.push(line);
    if (this.#log.length > KEPT_LINES) this.#log.shift();
    for (const watcher of this.#watchers) watcher(line);
  }
}
