// One run of the nats-server binary: start, signals, log lines, end. Knows neither configuration nor the protocol.

import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";

const KEPT_LINES = 1000;

interface Watcher {
  line(text: string): void;
  ended(): void;
}

/** A running nats-server process. It does not keep this process alive, except while someone waits for it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #log: string[];
  readonly #ended: Promise<void>;
  readonly #watchers = new Set<Watcher>();
  #running = true;

  /** @param log where lines are appended; the oldest are dropped beyond 1000 */
  constructor(path: string, args: readonly string[], log: string[]) {
    this.#log = log;
    this.#child = spawn(path, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#running = false;
        resolve();
        for (const watcher of this.#watchers) watcher.ended();
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
  nextLine(pattern: RegExp, ms: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        settle();
      };
      const fail = (when: string): void =>
        finish(() => reject(new Error(`nats-server logged nothing like ${pattern} ${when}`)));
      const watcher: Watcher = {
        line: (text) => {
          if (pattern.test(text)) finish(() => resolve(text));
        },
        ended: () => fail("before it ended"),
      };
      // Not unref'd: this timer holds our process alive while someone waits.
      const timer = setTimeout(() => fail(`within ${ms} ms`), ms);
      if (this.#running) this.#watchers.add(watcher);
      else watcher.ended();
    });
  }

  #keep(line: string): void {
    this.#log.push(line);
    if (this.#log.length > KEPT_LINES) this.#log.shift();
    for (const watcher of this.#watchers) watcher.line(line);
  }
}
