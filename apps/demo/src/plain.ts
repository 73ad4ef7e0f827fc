// Plain lines, for a file, a pipe or a simple terminal: what happens, and a line of figures every few seconds.

import { count, duration, elapsed } from "./format.js";
import type { Clock } from "./load.js";
import type { Narrator, Tone } from "./narrator.js";
import type { Act } from "./scenario.js";
import type { Stage } from "./stage.js";

const FIGURES_MS = 2_000;
const marks: Readonly<Record<Tone, string>> = { plain: " ", good: "+", bad: "-", move: "*" };

export class Plain implements Narrator {
  readonly #write: (line: string) => void;
  readonly #clock: Clock;
  readonly #begin: number;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(write: (line: string) => void, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
    this.#begin = clock.now();
  }

  preparing(line: string): void {
    this.#write(line);
  }

  opened(stage: Stage, label: string): void {
    const { origin, url } = stage.connection.getServers()[0] ?? {};
    this.#write(`${label}: ${stage.cluster.servers.map(({ name, url: at }) => `${name} ${at}`).join(", ")}`);
    this.#write(
      `connected to ${stage.nameOf(stage.connection.getServer())}; ${origin} ${url?.href}, the rest by gossip`,
    );
    this.#write("signs: * what we do to the cluster, - bad news, + good news");
    this.#scheduleFigures(stage);
  }

  act(act: Act, number: number, total: number): void {
    this.#write("");
    this.#write(`Act ${number} of ${total}: ${act.title} (${act.about})`);
  }

  event(tone: Tone, line: string): void {
    this.#write(`${this.#time()} ${marks[tone]} ${line}`);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #scheduleFigures(stage: Stage): void {
    if (this.#closed) return;
    this.#cancel = this.#clock.after(FIGURES_MS, () => {
      this.#write(`${this.#time()}   ${figures(stage)}`);
      this.#scheduleFigures(stage);
    });
  }

  #time(): string {
    return elapsed(this.#clock.now() - this.#begin);
  }
}

function figures(stage: Stage): string {
  const { book, clock, connection, load } = stage;
  const { arrived, lost, lostInFlight } = stage.ledger.totals;
  const now = clock.now();
  const server = connection.getServer();
  const here = server === "" ? `nobody (${connection.state})` : stage.nameOf(server);
  return (
    `served by ${here}; ${count(load.answers.perSecond(now))} answers/s, p50 ${duration(load.latency.percentile(0.5))}, ` +
    `p99 ${duration(load.latency.percentile(0.99))}, ${count(book.failed)} requests failed; ` +
    `${count(arrived)} messages arrived, ${count(lostInFlight)} lost in flight, ${count(lost)} lost otherwise`
  );
}
