// One thing that was tried and how it went, and the table of all of them.

export interface Cell {
  readonly row: string;
  readonly column: string;
  /** `ok` or a figure; the complaint when it failed; with `skipped` why it was not tried. */
  readonly said: string;
  readonly verdict: "ok" | "failed" | "skipped";
}

/** Tries one thing; what it answers is shown, what it throws is the complaint. */
export async function tried(row: string, column: string, run: () => Promise<string> | string): Promise<Cell> {
  try {
    return { row, column, said: await run(), verdict: "ok" };
  } catch (error) {
    return {
      row,
      column,
      said: (error instanceof Error ? error.message : String(error)).slice(0, 1_000),
      verdict: "failed",
    };
  }
}

/** A table of what belongs together, with every complaint and every reason below it. */
export function table(title: string, cells: readonly Cell[]): string {
  const columns = [...new Set(cells.map(({ column }) => column))];
  const rows = [...new Set(cells.map(({ row }) => row))];
  const lines = [
    [title, ...columns],
    ...rows.map((row) => [
      row,
      ...columns.map((column) => shown(cells.find((one) => one.row === row && one.column === column))),
    ]),
  ];
  const widths = [title, ...columns].map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const notes = cells.flatMap(({ row, column, said, verdict }) =>
    verdict === "ok" ? [] : [`  ${row}, ${column}: ${verdict}: ${said}`],
  );
  return [...text, ...new Set(notes)].join("\n");
}

function shown(cell: Cell | undefined): string {
  if (cell === undefined) return "-";
  return cell.verdict === "ok" ? cell.said : cell.verdict;
}
