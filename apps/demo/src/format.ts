// Numbers and lines as people read them. Pure; colours are names here and become escape codes in screen.ts.

/** A piece of a line and how it looks. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export type Style = "dim" | "bold" | "red" | "green" | "yellow" | "cyan" | "inverse";

/** One line of the screen; shortened at the right edge when it is too long. */
export type Line = readonly Span[];

/** `12,345` */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A duration given in milliseconds: `0.4 ms`, `87 ms`, `1.25 s`; `-` for none. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return "-";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Time since the start: `0:07.3`. */
export function elapsed(ms: number): string {
  const tenths = Math.floor(ms / 100);
  const seconds = String(Math.floor(tenths / 10) % 60).padStart(2, "0");
  return `${Math.floor(tenths / 600)}:${seconds}.${tenths % 10}`;
}

/** One character for each value, from a blank for none to a full block for `top`. */
export function sparkline(values: readonly number[], top: number): string {
  const blocks = " ▁▂▃▄▅▆▇█";
  return values
    .map((value) => {
      const step = Math.ceil(Math.min(1, value / Math.max(top, 1)) * (blocks.length - 1));
      return blocks[Math.max(0, step)] ?? " ";
    })
    .join("");
}

/** Exactly `width` characters: filled with blanks, or cut with an ellipsis. */
export function cell(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text.padEnd(width);
}

/** The line without what does not fit into `width` characters. */
export function fit(line: Line, width: number): Line {
  const fitting: Span[] = [];
  let left = width;
  for (const span of line) {
    if (left <= 0) break;
    fitting.push(span.text.length <= left ? span : { ...span, text: cell(span.text, left) });
    left -= span.text.length;
  }
  return fitting;
}

/** Words broken into lines of at most `width` characters, from the second on indented by `indent`. */
export function wrap(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > width && line.trim() !== "") {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Rows as a table with aligned columns; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
