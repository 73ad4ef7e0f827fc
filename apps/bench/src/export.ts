// Results for other programs: CSV with one line for each figure, all numbers in full.

import type { Result } from "./result.js";

const HEAD = [
  "scenario",
  "work",
  "who",
  "rounds",
  "messages",
  "size",
  "cpu_ns_per_msg",
  "cpu_ns_least",
  "cpu_ns_most",
  "system_ns_per_msg",
  "msgs_per_sec",
  "peak_rss_bytes",
  "p50_ns",
  "p90_ns",
  "p99_ns",
  "p999_ns",
  "max_ns",
];

/** One line for each figure, the head first. RFC 4180. */
export function csvOf(results: readonly Result[]): string {
  const rows = results.flatMap(({ scenario, figures }) =>
    figures.map((figure) => {
      const { latency } = figure;
      return [
        scenario,
        figure.work,
        figure.who,
        figure.rounds,
        figure.messages,
        figure.size ?? "",
        figure.cpuNs.median,
        figure.cpuNs.least,
        figure.cpuNs.most,
        figure.systemNs,
        figure.perSecond,
        figure.peakRss,
        ...[latency?.p50, latency?.p90, latency?.p99, latency?.p999, latency?.most].map((value) => value ?? ""),
      ];
    }),
  );
  return `${[HEAD, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
