// Results as a table for the terminal, as JSON to keep and as Markdown to publish. Knows no contestant and measures nothing.

import { type Figure, ratioTo, type Spread, type Steadiness } from "./measure.js";

/** Where and with what a scenario was run. */
export interface Circumstances {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** One-minute load average when it began: what else the machine was doing. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
  /** The command that does it again, at the root of the repository. */
  readonly command: string;
}

/** Memory of one line over its run. */
export interface MemoryFigure {
  readonly work: string;
  readonly who: string;
  readonly messages: number;
  readonly rss: Steadiness;
  readonly heapUsed: Steadiness;
}

/** Everything one scenario came to. */
export interface Result {
  readonly scenario: string;
  readonly title: string;
  readonly about: string;
  readonly circumstances: Circumstances;
  readonly figures: readonly Figure[];
  readonly memory: readonly MemoryFigure[];
}

type Row = readonly string[];

const SPEED_HEAD: Row = [
  "work",
  "who",
  "CPU ns/msg",
  "spread",
  "of it system",
  "msgs / CPU s",
  "x nats.js",
  "msgs/s",
  "peak RSS",
];
const MEMORY_HEAD: Row = ["work", "who", "messages", "RSS growth", "RSS range", "RSS most", "heap growth", "heap most"];

/** The figures as rows, the head first. */
export function rowsOf(result: Result): Row[] {
  if (result.memory.length > 0) {
    return [
      MEMORY_HEAD,
      ...result.memory.map(({ work, who, messages, rss, heapUsed }) => [
        work,
        who,
        millions(messages),
        mebibytes(rss.growth),
        mebibytes(rss.range),
        mebibytes(rss.most),
        mebibytes(heapUsed.growth),
        mebibytes(heapUsed.most),
      ]),
    ];
  }
  return [
    SPEED_HEAD,
    ...result.figures.map((figure) => {
      const ratio = figure.reference ? undefined : ratioTo(result.figures, figure);
      return [
        figure.work,
        figure.who,
        nanoseconds(figure.cpuNs.median),
        spread(figure.cpuNs),
        nanoseconds(figure.systemNs),
        millions(1e9 / figure.cpuNs.median),
        ratio === undefined ? "" : ratio.toFixed(1),
        millions(figure.perSecond),
        mebibytes(figure.peakRss),
      ];
    }),
  ];
}

/** For a terminal. */
export function renderTable(result: Result): string {
  const rows = rowsOf(result);
  const widths = columnWidths(rows);
  const lines = rows.map((row) => row.map((cell, column) => padded(cell, column, widths)).join("  "));
  return [result.title, ...lines, ""].join("\n");
}

/** `docs/performance.md` as a whole. */
export function renderMarkdown(results: readonly Result[]): string {
  return `${[
    "# Performance",
    "Written by `apps/bench`; do not edit. Every figure is CPU time of the process under test, user and system, with all its " +
      "threads, divided by messages: wall time on a busy machine says little, and an endpoint's work is nobody's. Each run is " +
      "a fresh process that is warmed up first. Contestants run in turn within every round, in reverse in every other one; the " +
      "figure is the median of the rounds, and the spread is the least and the most of them. `x nats.js` is how many times " +
      "the messages of a CPU second nats.js has for the same work. Compare the ratios of one table, never figures of two " +
      "machines or two tables. `msgs/s` is wall time, with the endpoint on the same machine.",
    ...results.flatMap(section),
  ].join("\n\n")}\n`;
}

function section(result: Result): string[] {
  const { circumstances: at } = result;
  const table = markdownTable(rowsOf(result));
  const versions = Object.entries(at.versions).map(([name, version]) => `${name} ${version}`);
  const rounds = result.figures[0]?.rounds ?? 0;
  const messages = result.figures[0]?.messages ?? 0;
  return [
    `## ${result.title}`,
    result.about,
    table,
    `${rounds === 1 ? "1 round" : `${rounds} rounds`} of ${messages.toLocaleString("en")} messages on ${at.date}: ${at.cpu}, ` +
      `${at.cores} cores, ${at.memoryGiB} GiB, ${at.system}, Node ${at.node}, ${versions.join(", ")}; load average at the ` +
      `start ${at.load.toFixed(1)}.`,
    `\`\`\`sh\n${at.command}\n\`\`\``,
  ];
}

/** Padded as a formatter would, so that formatting changes nothing. The first two columns are words, the rest numbers. */
function markdownTable(rows: readonly Row[]): string {
  const widths = columnWidths(rows).map((width) => Math.max(3, width));
  const rule = widths.map((width, column) => (column < 2 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const [head = [], ...body] = rows.map((row) => row.map((cell, column) => padded(cell, column, widths)));
  return [head, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function columnWidths(rows: readonly Row[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}

function padded(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}

function nanoseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function spread({ least, most }: Spread): string {
  return `${nanoseconds(least)}–${nanoseconds(most)}`;
}

function millions(value: number): string {
  return `${(value / 1e6).toFixed(value < 1e7 ? 2 : 1)} M`;
}

function mebibytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} MiB`;
}
