// The figures of runs as a table in Markdown.

import type { Result } from "./run.js";

const HEAD = [
  "scenario",
  "policy",
  "busiest 100 ms",
  "of repeats",
  "half back",
  "99 % back",
  "all back",
  "given up",
  "moves",
  "uneven",
  "log",
  "CPU",
];

/** One row for each run. Parts are of all clients; times are how long a client that lost its connection was without one. */
export function table(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.scenario.name,
    result.policy,
    percent(result.busiest),
    percent(result.busiestRepeats),
    seconds(result.half),
    seconds(result.most),
    result.stillDown + result.gaveUp > 0 ? "never" : seconds(result.last),
    String(result.gaveUp),
    String(result.moves),
    percent(result.unevenness),
    result.hash,
    `${result.cpuSeconds.toFixed(1)} s`,
  ]);
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column < 2 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(HEAD), rule, ...rows.map(line)].join("\n");
}

/** A part as a percentage. */
export function percent(part: number): string {
  return Number.isFinite(part) ? `${(part * 100).toFixed(part < 0.1 ? 2 : 1)} %` : "-";
}

/** Milliseconds as a time to read. */
export function seconds(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
