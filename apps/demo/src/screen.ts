// The live screen on a terminal: draws frames in place, without flicker, and leaves the terminal as it found it.

import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import type { Line } from "./format.js";
import { frame, type LogEntry } from "./frame.js";
import type { Clock } from "./load.js";
import type { Narrator, Tone } from "./narrator.js";
import type { Act } from "./scenario.js";
import type { Stage } from "./stage.js";

const REDRAW_MS = 100;
const LOG_LENGTH = 200;
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"; // the other screen, no cursor, nothing on it
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const END_OF_LINE = "\x1b[K";
const END_OF_SCREEN = "\x1b[J";

export class Screen implements Narrator {
  readonly #terminal: WriteStream;
  readonly #clock: Clock;
  readonly #colours: boolean;
  readonly #begin: number;
  readonly #log: LogEntry[] = [];
  #stage: Stage | undefined;
  #label = "";
  #act: Act | undefined;
  #number = 0;
  #total = 0;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(terminal: WriteStream, clock: Clock, colours: boolean) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#colours = colours;
    this.#begin = clock.now();
  }

  preparing(line: string): void {
    if (this.#stage === undefined && !this.#closed) this.#terminal.write(`${line}\n`);
  }

  opened(stage: Stage, label: string): void {
    this.#stage = stage;
    this.#label = label;
    this.#terminal.write(ENTER);
    this.#draw();
  }

  act(act: Act, number: number, total: number): void {
    this.#act = act;
    this.#number = number;
    this.#total = total;
  }

  event(tone: Tone, line: string): void {
    this.#log.push({ at: this.#clock.now() - this.#begin, tone, line });
    if (this.#log.length > LOG_LENGTH) this.#log.shift();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel?.();
    if (this.#stage !== undefined) this.#terminal.write(LEAVE);
  }

  #draw(): void {
    if (this.#stage === undefined || this.#closed) return;
    const { columns = 80, rows = 24 } = this.#terminal;
    const programme = {
      label: this.#label,
      act: this.#act,
      number: this.#number,
      total: this.#total,
      elapsed: this.#clock.now() - this.#begin,
      log: this.#log,
    };
    const lines = frame(this.#stage, programme, columns, rows).map((line) => this.#paint(line) + END_OF_LINE);
    // One write for each frame, and no line break behind the last line: the terminal would scroll.
    this.#terminal.write(HOME + lines.join("\r\n") + END_OF_SCREEN);
    this.#cancel = this.#clock.after(REDRAW_MS, () => this.#draw());
  }

  #paint(line: Line): string {
    return line
      .map(({ style, text }) => (style === undefined || !this.#colours ? text : styleText(style, text)))
      .join("");
  }
}
