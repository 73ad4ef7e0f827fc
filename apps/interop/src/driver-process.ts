// A driver's process: lines out, lines in, answers matched to commands. Ends with this process, because its standard input
// ends then. Knows nothing of NATS.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { DriverAnswer, DriverLine, MessageEvent, ReadyEvent } from "./driver-protocol.js";

/** How to start a driver. */
export interface DriverCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** An answer later than this is a failure of the driver or of the client in it. */
const ANSWER_MS = 30_000;
const STOP_MS = 5_000;
const KEPT_LINES = 20;

interface Waiting {
  readonly resolve: (answer: DriverAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class DriverProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #name: string;
  readonly #onMessage: (event: MessageEvent) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ready: Promise<ReadyEvent>;
  readonly #exited: Promise<unknown>;
  readonly #said: string[] = [];
  #settleReady: { resolve: (event: ReadyEvent) => void; reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;
  #nextId = 1;

  private constructor(name: string, driver: DriverCommand, onMessage: (event: MessageEvent) => void) {
    this.#name = name;
    this.#onMessage = onMessage;
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.#child = spawn(driver.command, driver.args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...driver.env },
    });
    this.#exited = once(this.#child, "close").catch(() => {});
    this.#child.once("error", (error) => this.#end(error.message));
    this.#child.once("close", (code, signal) => this.#end(`it ended with ${signal ?? code}`));
    this.#child.stdin.on("error", () => {}); // it has ended; "close" says so
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#read(line));
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#said.push(line);
      if (this.#said.length > KEPT_LINES) this.#said.shift();
    });
  }

  /** Resolves when the driver has said that it is ready; rejects when it ends before. */
  static async start(
    name: string,
    driver: DriverCommand,
    onMessage: (event: MessageEvent) => void,
  ): Promise<{ process: DriverProcess; ready: ReadyEvent }> {
    const started = new DriverProcess(name, driver, onMessage);
    return { process: started, ready: await started.#ready };
  }

  /** Sends a command and resolves with the answer to it. Rejects when the driver ends first, or says nothing for 30 s. */
  ask(op: string, fields: Readonly<Record<string, unknown>> = {}): Promise<DriverAnswer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        settle();
      };
      const timer = setTimeout(
        () => finish(() => reject(this.#failure(`no answer to "${op}" within ${ANSWER_MS} ms`))),
        ANSWER_MS,
      );
      this.#waiting.set(id, {
        resolve: (answer) => finish(() => resolve(answer)),
        reject: (error) => finish(() => reject(error)),
      });
      this.#child.stdin.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    });
  }

  /** Ends the driver and resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#exited;
    clearTimeout(late);
  }

  #read(line: string): void {
    let parsed: DriverLine;
    try {
      parsed = JSON.parse(line) as DriverLine;
    } catch {
      this.#end(`it printed what is not JSON: ${line.slice(0, 200)}`);
      this.#child.kill("SIGKILL");
      return;
    }
    if ("id" in parsed) this.#waiting.get(parsed.id)?.resolve(parsed);
    else if (parsed.event === "ready") this.#settleReady?.resolve(parsed);
    else this.#onMessage(parsed);
  }

  #end(why: string): void {
    this.#ended ??= this.#failure(why);
    this.#settleReady?.reject(this.#ended);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
  }

  #failure(why: string): Error {
    return new Error([`driver of ${this.#name}: ${why}`, ...this.#said].join("\n"));
  }
}
