// The table at the end of `npm run interop`, out of vitest's report: scenarios by library, and counts. Pure.

/** What is read of vitest's JSON report. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly ancestorTitles: readonly string[];
    }[];
  }[];
}

/** A library that met one of our clients, and the test file it did so in. */
export interface Met {
  readonly name: string;
  readonly file: string;
  /** Which of ours: in the name of a group of tests. */
  readonly ours: string;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Scenarios down, libraries across: passed of played, `-` where a library cannot play, and a line of counts. */
export function table(report: Report, met: readonly Met[], missing: ReadonlyMap<string, string>): string {
  const rows = new Map<string, Map<string, Counts>>();
  const totals = new Map(met.map(({ name }) => [name, none()]));
  const broken: string[] = [];
  for (const { name, file, ours } of met) {
    for (const result of report.testResults.filter((one) => one.name.includes(`/${file}.`))) {
      if (result.assertionResults.length === 0) broken.push(`${name}: ${result.message ?? result.status}`);
      for (const { title, status, ancestorTitles } of result.assertionResults) {
        if (!ancestorTitles.some((group) => group.split(/ to | and /).includes(ours))) continue; // or a toolchain is missing
        const row = title.replace(/ \[[^\]]*\]$/, "");
        const cells = rows.get(row) ?? new Map<string, Counts>();
        rows.set(row, cells);
        for (const counts of [cells.get(name) ?? set(cells, name), totals.get(name) ?? none()]) count(counts, status);
      }
    }
  }
  const width = Math.max(8, ...[...rows.keys()].map((title) => title.length));
  const line = (first: string, cells: readonly string[]): string =>
    [first.padEnd(width), ...cells.map((cell, i) => cell.padStart(Math.max(10, (met[i]?.name.length ?? 0) + 1)))].join(
      "",
    );
  const counted = met.map(({ name }) => {
    const { passed, failed, skipped } = totals.get(name) ?? none();
    const reason = missing.get(name);
    return reason === undefined
      ? `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`
      : `${name}: skipped, ${reason}`;
  });
  return [
    line(
      "passed of played, both directions",
      met.map(({ name }) => name),
    ),
    ...[...rows].map(([title, cells]) =>
      line(
        title,
        met.map(({ name }) => cell(cells.get(name))),
      ),
    ),
    "",
    ...broken,
    ...counted,
  ].join("\n");
}

function cell(counts: Counts | undefined): string {
  if (counts === undefined) return "";
  const played = counts.passed + counts.failed;
  return played === 0 ? "-" : `${counts.passed}/${played}`;
}

function count(counts: Counts, status: string): void {
  if (status === "passed") counts.passed++;
  else if (status === "failed") counts.failed++;
  else counts.skipped++;
}

function set(cells: Map<string, Counts>, name: string): Counts {
  const made = none();
  cells.set(name, made);
  return made;
}

function none(): Counts {
  return { passed: 0, failed: 0, skipped: 0 };
}
