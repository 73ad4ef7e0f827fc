// The live screen's content at one moment, as lines. It reads the stage and changes nothing; drawing is in screen.ts.

import type { ServerView } from "@myelin/server-pool";
import { cell, count, duration, elapsed, fit, type Line, type Span, type Style, sparkline } from "./format.js";
import type { Tone } from "./narrator.js";
import type { Act } from "./scenario.js";
import type { Condition, Stage } from "./stage.js";
import { destination } from "./summary.js";
import type { LossRecord, MoveRecord } from "./verdict.js";

/** One line of the log. */
export interface LogEntry {
  readonly at: number;
  readonly tone: Tone;
  readonly line: string;
}

/** What the frame shows beside the stage. */
export interface Programme {
  /** What the servers are. */
  readonly label: string;
  readonly act: Act | undefined;
  readonly number: number;
  readonly total: number;
  /** Milliseconds since the start. */
  readonly elapsed: number;
  readonly log: readonly LogEntry[];
}

const toneStyles: Readonly<Record<Tone, Style | undefined>> = {
  plain: "dim",
  good: "green",
  bad: "red",
  move: "yellow",
};

const conditionStyles: Readonly<Record<Condition, Style>> = {
  running: "green",
  killed: "red",
  paused: "yellow",
  "lame duck": "yellow",
  starting: "cyan",
};

/** All lines, at most `height`, none longer than `width`. */
export function frame(stage: Stage, programme: Programme, width: number, height: number): Line[] {
  const lines: Line[] = [
    headline(programme, width),
    [span(` ${programme.act?.title ?? "setting the stage"}`, "bold")],
    [span(` ${programme.act?.about ?? ""}`, "dim")],
    [],
    servedBy(stage),
    [],
    ...pool(stage),
    [],
    ...load(stage, width),
    [],
    lastMove(stage.moves.at(-1)),
    ...lastLoss(stage.records.at(-1)),
    [],
  ];
  const room = Math.max(0, height - lines.length);
  return [...lines, ...logLines(programme.log, room)].slice(0, height).map((line) => fit(line, width));
}

function headline({ elapsed: passed, number, total, label }: Programme, width: number): Line {
  const left = ` Myelin demo   ${label}`;
  const right = `act ${number} of ${total}   ${elapsed(passed)} `;
  return [span(left + " ".repeat(Math.max(1, width - left.length - right.length)) + right, "inverse")];
}

function servedBy(stage: Stage): Line {
  const { connection } = stage;
  const server = connection.getServer();
  if (server === "") {
    const kept = count(connection.bufferedBytes);
    return [span(" served by  "), span(`nobody, ${connection.state}`, "red"), span(`: ${kept} bytes kept meanwhile`)];
  }
  const up = duration(stage.clock.now() - stage.linkedAt);
  return [
    span(" served by  "),
    span(stage.nameOf(server), "bold"),
    span(`  ${server}   link ${stage.linkNumber}, up for ${up}`),
  ];
}

function pool(stage: Stage): Line[] {
  const views = new Map(stage.connection.getServers().map((view) => [view.url.port, view]));
  const now = stage.clock.now();
  const head = `   ${cell("NODE", 8)}${cell("ADDRESS", 17)}${cell("ORIGIN", 8)}${cell("HEALTH, SAYS THE POOL", 32)}PROCESS`;
  const rows = stage.cluster.servers.map(({ host, name, port }, index): Line => {
    const view = views.get(port);
    const condition = stage.conditions[index] ?? "running";
    const here = view?.state === "connected";
    return [
      span(here ? " > " : "   ", "cyan"),
      span(cell(name, 8), here ? "bold" : undefined),
      span(cell(`${host}:${port}`, 17)),
      span(cell(view?.origin ?? "-", 8)),
      span(cell(healthOf(view, now), 32), here ? "green" : view === undefined ? "dim" : undefined),
      span(condition, conditionStyles[condition]),
    ];
  });
  return [[span(head, "dim")], ...rows];
}

/** What the pool says of a server, in a few words. */
export function healthOf(view: ServerView | undefined, now: number): string {
  if (view === undefined) return "left with the gossip";
  if (view.state === "connected") return view.lameDuck ? "connected, but it will leave" : "connected";
  if (view.state === "dialing") return "being dialled";
  const wait = view.eligibleAt > now ? `, not before ${duration(view.eligibleAt - now)}` : "";
  if (view.lameDuck) return `lame duck${wait}`;
  if (view.consecutiveFailures > 0) return `${view.consecutiveFailures} failed in a row${wait}`;
  if (view.lastFailure?.kind === "lost" && (view.lastConnectedAt ?? 0) <= view.lastFailure.at)
    return `our link to it was lost${wait}`;
  return view.everConnected ? `ready, served us before${wait}` : `ready${wait}`;
}

function load(stage: Stage, width: number): Line[] {
  const { book, ledger } = stage;
  const { answers, latency, publishes } = stage.load;
  const now = stage.clock.now();
  const { arrived, duplicated, lost, lostInFlight, reordered } = ledger.totals;
  const history = answers.history(now, Math.max(0, width - 44));
  const perSecond = (rate: number): string => cell(`${count(rate)}/s`, 8);
  const alarm = (number: number, style: Style, what: string): Span =>
    span(`${count(number)} ${what}`, number > 0 ? style : undefined);
  return [
    [
      span(" answers    "),
      span(sparkline(history, stage.load.rate), "cyan"),
      span(`  p50 ${duration(latency.percentile(0.5))}, p99 ${duration(latency.percentile(0.99))}`),
    ],
    [
      span(` requests   ${perSecond(answers.perSecond(now))}${count(book.answered)} answered, `),
      alarm(book.failed, "yellow", "failed"),
      span(`, ${count(book.inFlight)} in flight`),
    ],
    [
      span(` publishes  ${perSecond(publishes.perSecond(now))}${count(arrived)} arrived, `),
      alarm(lostInFlight, "yellow", "lost in flight"),
      span(", "),
      alarm(lost, "red", "otherwise"),
      span(", "),
      alarm(duplicated + reordered, "red", "astray"),
    ],
  ];
}

function lastLoss(record: LossRecord | undefined): Line[] {
  if (record === undefined) return [[span(" last loss  none yet", "dim")], []];
  const { loss } = record;
  const subscriptions =
    record.subscriptionsLive === undefined
      ? ""
      : `; ${record.subscriptionsLive} of ${record.subscriptions} subscriptions live`;
  return [
    [
      span(
        ` last loss  ${record.node} (${record.act}), noticed after ${duration(record.detectedAfter)}${subscriptions}`,
      ),
    ],
    [
      span(`            ${count(loss.inFlight)} requests in flight ended in ${duration(loss.worstSettle)}, `),
      span(`next answer after ${duration(loss.nextAnswer)}`),
    ],
  ];
}

function lastMove(move: MoveRecord | undefined): Line {
  if (move === undefined) return [span(" last move  none yet", "dim")];
  const { act, astray, cut, failed, leftAfter, load, lost, node, silence } = move;
  const trouble = failed + lost + astray + cut;
  return [
    span(` last move  ${node} (${act}) to ${destination(load)}, empty after ${duration(leftAfter)}; `),
    span(`${failed} failed, ${lost + astray} lost, ${cut} cut`, trouble > 0 ? "red" : "green"),
    span(`, quiet ${duration(silence)}`),
  ];
}

function logLines(log: readonly LogEntry[], room: number): Line[] {
  const shown = room <= 0 ? [] : log.slice(-room);
  return shown.map(({ at, line, tone }) => [span(` ${elapsed(at)}  `, "dim"), span(line, toneStyles[tone])]);
}

function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}
