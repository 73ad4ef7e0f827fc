// Figures of a run as people read them: a line for each fault, a table at the end. Nothing is judged here.

import type { Load } from "./load.js";

/** One fault and what came of it. */
export interface FaultRow {
  /** Milliseconds since the first one could come. */
  readonly at: number;
  readonly fault: string;
  readonly node: number;
  readonly what: string;
  readonly lost: number;
  readonly moves: number;
  readonly answered: number;
  readonly arrived: number;
}

type Sums = Pick<FaultRow, "lost" | "moves" | "answered" | "arrived">;

/** Everything counted at the end. */
export function sumsOf(load: Load): {
  messages: Readonly<Record<string, MessageFigures>>;
  calls: Load["calls"]["totals"];
  links: { lost: number; moves: number; longestOutage: number };
} {
  const { lost, moves } = currentOf(load);
  const longestOutage = Math.max(0, ...load.clients.map(({ presence }) => presence.counts.longestOutage));
  return {
    messages: Object.fromEntries(load.accounts.map(({ name, totals }) => [name, totals])),
    calls: load.calls.totals,
    links: { lost, moves, longestOutage },
  };
}

type MessageFigures = Load["accounts"][number]["totals"];

/** The state now, and later what has changed since. */
export function snapshot(load: Load): { difference(): Sums } {
  const then = currentOf(load);
  return {
    difference: () => {
      const now = currentOf(load);
      return {
        lost: now.lost - then.lost,
        moves: now.moves - then.moves,
        answered: now.answered - then.answered,
        arrived: now.arrived - then.arrived,
      };
    },
  };
}

function currentOf(load: Load): Sums {
  const counts = load.clients.map(({ presence }) => presence.counts);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    lost: sum(counts.map(({ lost }) => lost)),
    moves: sum(counts.map(({ moves }) => moves)),
    answered: load.calls.totals.answered,
    arrived: sum(load.accounts.map(({ totals }) => totals.arrived)),
  };
}

/** `  12.3 s  kill …` */
export function lineOf(row: FaultRow): string {
  const at = `${(row.at / 1_000).toFixed(1).padStart(6)} s`;
  const links = `${row.lost} links lost, ${row.moves} moved`;
  return `${at}  ${row.fault.padEnd(15)} node ${row.node}  ${row.what.padEnd(44)} ${links}; ${row.answered} answers, ${row.arrived} messages`;
}

/** The table at the end: each kind of fault, then each account. */
export function tableOf(rows: readonly FaultRow[], totals: ReturnType<typeof sumsOf>): string[] {
  const kinds = [...new Set(rows.map(({ fault }) => fault))].map((fault) => {
    const own = rows.filter((row) => row.fault === fault);
    const sum = (of: (row: FaultRow) => number): string => String(own.reduce((total, row) => total + of(row), 0));
    return [fault, String(own.length), sum(({ lost }) => lost), sum(({ moves }) => moves)];
  });
  const accounts = Object.entries(totals.messages).map(([name, figures]) => [
    name,
    ...[
      figures.sent,
      figures.kept,
      figures.arrived,
      figures.excused,
      figures.lost,
      figures.repeated,
      figures.reordered,
    ].map(String),
  ]);
  const { made, answered, failed, wrong, worstSettle } = totals.calls;
  const allowed = Object.entries(failed).map(([code, count]) => `${count} ${code}`);
  return [
    ...aligned([["FAULT", "TIMES", "LINKS LOST", "MOVED"], ...kinds]),
    "",
    ...aligned([["MESSAGES", "SENT", "KEPT", "ARRIVED", "EXCUSED", "LOST", "REPEATED", "REORDERED"], ...accounts]),
    "",
    `requests: ${made} made, ${answered} answered, allowed to fail: ${allowed.join(", ") || "none"}, wrong: ${wrong}; ` +
      `at most ${Math.round(worstSettle)} ms from a lost link to the end of what was in flight`,
    `links: ${totals.links.lost} lost, ${totals.links.moves} moved; the longest outage was ${Math.round(totals.links.longestOutage)} ms`,
  ];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}
