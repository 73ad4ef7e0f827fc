// One of the clients: what it does, and what became of it. Every promise it was given is kept, and every event that tells of
// trouble.

import { isNatsError } from "@myelin/contracts";
import type { NatsConnection } from "../../src/index.js";
import { type Account, idOf, type Subscribed } from "./account.js";

/** What became of something that was asked for. */
export interface Outcome {
  readonly what: string;
  /** Asked for in fair weather: it may not fail. */
  readonly mustSucceed: boolean;
  settled: boolean;
  error: Error | undefined;
}

export class Member {
  readonly name: string;
  readonly nc: NatsConnection;
  readonly account: Account;
  readonly outcomes: Outcome[] = [];
  /** Times it was without a link. */
  disconnects = 0;
  moves = 0;
  #count = 0;

  constructor(name: string, nc: NatsConnection, account: Account) {
    this.name = name;
    this.nc = nc;
    this.account = account;
    nc.on("disconnect", () => this.disconnects++);
    nc.on("handover", () => this.moves++);
    this.subscribe("news.*");
    this.subscribe("work.*", "g");
    nc.subscribe("svc", {
      queue: "s",
      callback: (_, msg) => {
        if (msg === undefined) return;
        const id = `re-${idOf(msg.string())}`;
        this.account.accept(id, () => void msg.respond(`${id} `));
      },
    });
  }

  /** Subscriptions of the books that are wanted still. */
  get open(): Subscribed[] {
    return [...this.account.subscribed.values()].filter(({ sub }) => !sub.isClosed() && !sub.isDraining());
  }

  subscribe(subject: string, queue?: string): void {
    const sub = this.nc.subscribe(subject, {
      queue,
      callback: (_, msg) => {
        if (msg !== undefined) this.account.handed(sub.getID(), idOf(msg.string()));
      },
    });
    this.account.keep(sub, queue === undefined ? "plain" : "queue");
  }

  /** Publishes a few; returns the ids that were accepted. */
  publish(subject: string, times: number, fill = ""): string[] {
    const ids: string[] = [];
    for (let time = 0; time < times; time++) {
      const id = this.#id();
      if (this.account.publish(`${subject}.${this.name}`, id, fill)) ids.push(id);
    }
    return ids;
  }

  request(timeout: number, mustSucceed: boolean): void {
    const id = this.#id();
    const answered = async (): Promise<void> => {
      const answer = idOf((await this.nc.request("svc", `${id} ?`, { timeout })).string());
      if (answer !== `re-${id}`) this.account.problems.push(`${this.name}: the answer to ${id} was ${answer}`);
    };
    this.keep(`request ${id}`, answered(), mustSucceed);
  }

  keep(what: string, work: Promise<unknown>, mustSucceed = false): void {
    const outcome: Outcome = { what, mustSucceed, settled: false, error: undefined };
    this.outcomes.push(outcome);
    work.then(
      () => {
        outcome.settled = true;
      },
      (error: unknown) => {
        outcome.settled = true;
        outcome.error = error instanceof Error ? error : new Error(String(error));
      },
    );
  }

  /** All of it is over by now. */
  checkOutcomes(): void {
    for (const { error, mustSucceed, settled, what } of this.outcomes.splice(0)) {
      if (!settled) this.#wrong(`${what} never settled`);
      else if (error !== undefined && !isNatsError(error)) this.#wrong(`${what} failed with ${String(error)}`);
      else if (error !== undefined && mustSucceed) this.#wrong(`${what} failed in fair weather: ${error.message}`);
    }
  }

  #id(): string {
    this.#count++;
    return `${this.name}-${this.#count}`;
  }

  #wrong(what: string): void {
    this.account.problems.push(`${this.name}: ${what}`);
  }
}
