// The table at the end of `npm run runtimes`: scenarios down, runtimes across, and a line for each runtime with its seconds or
// the reason why it could not be had. Pure.

import type { Outcome } from "./suite/plan.js";

/** How one runtime did, or why it was skipped. */
export type Row =
  | { readonly name: string; readonly version: string; readonly outcomes: readonly Outcome[]; readonly seconds: number }
  | { readonly name: string; readonly skipped: string };

type Played = Extract<Row, { version: string }>;

/** In the given order of scenarios, others last. Each cell: doors by which it passed, of those played; `-` where a runtime has none for it. */
export function table(rows: readonly Row[], order: readonly string[]): string {
  const played = rows.filter((row): row is Played => "version" in row);
  const told = new Set(played.flatMap(({ outcomes }) => outcomes.map(({ scenario }) => scenario)));
  const scenarios = [...new Set([...order.filter((one) => told.has(one)), ...told])];
  const first = Math.max(26, ...scenarios.map((one) => one.length + 1));
  const width = (row: Row): number => Math.max(9, row.name.length + 2);
  const line = (head: string, cell: (row: Played) => string): string =>
    (head.padEnd(first) + played.map((row) => cell(row).padStart(width(row))).join("")).trimEnd();
  return [
    ...(played.length === 0
      ? []
      : [
          line("passed of played", ({ name }) => name),
          ...scenarios.map((scenario) => line(scenario, ({ outcomes }) => cell(outcomes, scenario))),
          line("seconds", ({ seconds }) => seconds.toFixed(1)),
          "",
        ]),
    ...rows.flatMap((row) => ("version" in row ? verdict(row) : [`${row.name}: skipped: ${row.skipped}`])),
  ].join("\n");
}

/** A runtime that was played and of which something failed, or that told of nothing at all. */
export function failed(row: Row): boolean {
  return "version" in row && (row.outcomes.length === 0 || row.outcomes.some(({ error }) => error !== undefined));
}

function verdict({ name, version, outcomes, seconds }: Played): string[] {
  const failures = outcomes.filter(({ error }) => error !== undefined);
  const doors = [...new Set(outcomes.map(({ door }) => door).filter((door) => door !== ""))];
  return [
    `${name}: ${version} over ${doors.join(", ") || "nothing"}: ${outcomes.length - failures.length} passed, ${failures.length} failed, ${seconds.toFixed(1)} s`,
    ...failures.map(({ scenario, door, error }) => `  ${scenario}${door === "" ? "" : ` over ${door}`}: ${error}`),
  ];
}

function cell(outcomes: readonly Outcome[], scenario: string): string {
  const of = outcomes.filter((one) => one.scenario === scenario);
  const passed = of.filter(({ error }) => error === undefined).length;
  return of.length === 0 ? "-" : `${passed}/${of.length}${passed < of.length ? "!" : ""}`;
}
