// Results as a table for the terminal and as Markdown to publish. Knows no contestant and measures nothing.

import { type Bar, type BarResult, judge } from "./bars.js";
import { count, mebibytes, microseconds, millions, nanoseconds, plain } from "./format.js";
import { type Figure, overFloor, type Rates, ratioTo, type Spread } from "./measure.js";
import type { Result } from "./result.js";

type Row = readonly string[];

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
  const columns = COLUMNS.filter(({ of }) => result.figures.some((figure) => of(figure, result.figures) !== undefined));
  const facts = [...new Set(result.figures.flatMap((figure) => Object.keys(figure.facts ?? {})))];
  return [
    ["work", "who", ...columns.map(({ head }) => head), ...facts],
    ...result.figures.map((figure) => [
      figure.work,
      figure.who,
      ...columns.map(({ of }) => of(figure, result.figures) ?? ""),
      ...facts.map((name) => factCell(figure.facts?.[name])),
    ]),
  ];
}

interface Column {
  readonly head: string;
  readonly of: (figure: Figure, all: readonly Figure[]) => string | undefined;
}

// A column nobody has a value for is left out.
const COLUMNS: readonly Column[] = [
  { head: "CPU ns/msg", of: ({ cpuNs }) => nanoseconds(cpuNs.median) },
  { head: "spread", of: ({ cpuNs }) => spread(cpuNs) },
  { head: "of it system", of: ({ systemNs }) => nanoseconds(systemNs) },
  { head: "msgs / CPU s", of: ({ cpuNs }) => millions(1e9 / cpuNs.median) },
  { head: "x nats.js", of: (figure, all) => (figure.reference ? undefined : ratioTo(all, figure)?.toFixed(1)) },
  { head: "÷ floor", of: (figure, all) => overFloor(all, figure)?.toFixed(2) },
  { head: "msgs/s", of: ({ perSecond }) => millions(perSecond) },
  {
    head: "MiB/s",
    of: ({ size = 0, perSecond }) => (size < 1_024 ? undefined : ((size * perSecond) / 2 ** 20).toFixed(0)),
  },
  { head: "p50 µs", of: ({ latency }) => latency && microseconds(latency.p50) },
  { head: "p50 spread", of: ({ p50 }) => p50 && `${microseconds(p50.least)}–${microseconds(p50.most)}` },
  { head: "p99 µs", of: ({ latency }) => latency && microseconds(latency.p99) },
  { head: "p99.9 µs", of: ({ latency }) => latency && microseconds(latency.p999) },
  { head: "peak RSS", of: ({ peakRss }) => mebibytes(peakRss) },
];

function factCell(fact: Spread | undefined): string {
  return fact === undefined ? "" : `${plain(fact.median)} (${plain(fact.least)}–${plain(fact.most)})`;
}

/** For a terminal. */
export function renderTable(result: Result): string {
  const rows = rowsOf(result);
  const widths = columnWidths(rows);
  const lines = rows.map((row) => row.map((cell, column) => padded(cell, column, widths)).join("  "));
  return [result.title, ...lines, ...clientLines(result), ...(result.skipped ?? []), ""].join("\n");
}

// As `nats bench` has it: each role's rates over its connections.
function clientLines({ figures }: Result): string[] {
  return figures.flatMap(({ work, who, clients = [] }) =>
    clients.map((rates) => `${who}, ${work}, ${ratesSentence(rates)}`),
  );
}

function ratesSentence({ role, connections, least, average, most, deviation }: Rates): string {
  const numbers = `min ${count(least)} | avg ${count(average)} | max ${count(most)} | stddev ${count(deviation)} msgs/sec`;
  return `${role} over ${connections}: ${numbers}`;
}

/** `docs/performance.md` as a whole. `notes`: Markdown that is kept beside the results, placed after the bars. */
export function renderMarkdown(results: readonly Result[], bars: readonly Bar[] = [], notes = ""): string {
  return `${[
    "# Performance",
    "Written by `npm run bench:docs`; do not edit. Every figure is CPU time of the process under test, user and system, with all " +
      "its threads, divided by messages: wall time on a busy machine says little, and an endpoint's work is nobody's. Each run is " +
      "a fresh process that is warmed up first; the warm-up is not in the figures. Contestants run in turn within every round, in " +
      "reverse in every other one; the figure is the median of the rounds, and the spread is the least and the most of them. " +
      "`x nats.js` is how many times the messages of a CPU second nats.js has for the same work. `÷ floor` is CPU time over that of " +
      "a bare socket at the same work: of the one that frames where there is one (each message copied into a fresh block, or each " +
      "frame found), else of the one that only moves bytes encoded beforehand. Compare the ratios of one table, never figures of two " +
      "machines or two tables. `msgs/s` is wall time, with the endpoint on the same machine.",
    ...(bars.length === 0 ? [] : ["## Bars", barTable(bars.map((bar) => judge(bar, results)))]),
    ...(notes === "" ? [] : [notes.trim()]),
    ...results.flatMap(section),
  ].join("\n\n")}\n`;
}

/** Bar, figure, met or not. */
export function barTable(judged: readonly BarResult[]): string {
  const words = { true: "yes", false: "no", undefined: "not measured" } as const;
  return markdownTable([
    ["work", "bar", "figure", "met"],
    ...judged.map(({ work, bar, figure, met }) => [work, bar, figure, words[`${met}`]]),
  ]);
}

function section(result: Result): string[] {
  const { circumstances: at } = result;
  const table = markdownTable(rowsOf(result));
  const rates = clientLines(result);
  const versions = Object.entries(at.versions).map(([name, version]) => `${name} ${version}`);
  const rounds = result.figures[0]?.rounds ?? 0;
  const messages = result.figures[0]?.messages ?? 0;
  return [
    `## ${result.title}`,
    result.about,
    table,
    ...(rates.length === 0 ? [] : [rates.map((line) => `- ${line}`).join("\n")]),
    ...(result.skipped ?? []),
    `${rounds === 1 ? "1 round" : `${rounds} rounds`} of ${messages.toLocaleString("en")} messages (first line) on ${at.date}: ${at.cpu}, ` +
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

function spread({ least, most }: Spread): string {
  return `${nanoseconds(least)}–${nanoseconds(most)}`;
}
