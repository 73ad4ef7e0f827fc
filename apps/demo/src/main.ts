// The demo's beginning and end: command line, server, stage, acts, summary, exit code. 0 = nothing was lost beyond what the
// guarantee allows, 1 = something was, or there was no server where one was asked for, 2 = the command line was wrong, 130 = interrupted.

import { realClock } from "@myelin/testing";
import { type StartedCluster, startCluster } from "./cluster.js";
import type { Narrator } from "./narrator.js";
import { type DemoOptions, parseOptions, UsageError } from "./options.js";
import { Plain } from "./plain.js";
import { Screen } from "./screen.js";
import { Stage } from "./stage.js";
import { summary } from "./summary.js";

const INTERRUPTED = 130;

async function main(): Promise<number> {
  let options: DemoOptions | undefined;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nnpm run demo -- --help lists the options\n`);
    return 2;
  }
  if (options === undefined) return 0;
  const { stdout } = process;
  const { NO_COLOR = "", TERM } = process.env;
  const live = stdout.isTTY === true && !options.plain && TERM !== "dumb";
  const narrator: Narrator = live
    ? new Screen(stdout, realClock, NO_COLOR === "")
    : new Plain((line) => stdout.write(`${line}\n`), realClock);
  // Whatever ends us, the terminal gets its cursor back; the servers have a watchdog of their own.
  process.once("exit", () => narrator.close());
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Asked twice, it does not wait for anything; the servers' watchdog ends them.
    process.on(signal, () => (interrupt.signal.aborted ? process.exit(INTERRUPTED) : interrupt.abort()));
  }
  stdout.on("error", () => interrupt.abort()); // nobody reads us any more
  try {
    const started = await startCluster(options, narrator, (text) => process.stderr.write(text));
    if (started === undefined) return 1;
    try {
      return await play(options, started, narrator, interrupt.signal);
    } finally {
      await started.cluster.stop();
    }
  } finally {
    narrator.close();
  }
}

async function play(
  options: DemoOptions,
  { cluster, clientsOn, label, caveat }: StartedCluster,
  narrator: Narrator,
  signal: AbortSignal,
): Promise<number> {
  const problems: string[] = [];
  const stage = await Stage.open({ cluster, clientsOn, clock: realClock, rate: options.rate, narrator, signal });
  try {
    narrator.opened(stage, label);
    stage.load.start();
    await stage.calm();
    for (const [index, act] of options.acts.entries()) {
      narrator.act(act, index + 1, options.acts.length);
      stage.begin(act.name);
      const begin = realClock.now();
      try {
        await act.run(stage);
      } catch (error) {
        if (signal.aborted) throw error;
        const problem = `${act.name} did not come to its end: ${error instanceof Error ? error.message : String(error)}`;
        problems.push(problem);
        narrator.event("bad", problem);
      }
      // The last act ends the load: nothing to look at any more.
      if (act.name !== "drain") await stage.pause(options.secondsPerAct * 1000 - (realClock.now() - begin));
    }
    await stage.settleAll();
  } catch (error) {
    if (!signal.aborted) throw error;
    narrator.close();
    process.stderr.write("interrupted; stopping the servers\n");
    return INTERRUPTED;
  } finally {
    await stage.close();
  }
  narrator.close();
  const { book, ledger, moves, records } = stage;
  const { answered, inFlight, made } = book;
  const evidence = {
    records,
    moves,
    totals: ledger.totals,
    strays: book.strays,
    requests: { answered, inFlight, made },
    problems,
  };
  const { lines, passed } = summary(evidence, Math.min(100, process.stdout.columns ?? 100));
  process.stdout.write(`${lines.join("\n")}\n`);
  if (caveat !== undefined) process.stdout.write(`\n${caveat}\n`);
  return passed ? 0 : 1;
}

process.exitCode = await main();
