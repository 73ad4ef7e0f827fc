// One run: a fresh process that opens one contestant, warms it up, works, measures itself and answers its parent. The only
// code that runs between two readings of the CPU time is the contestant's.

import { setImmediate as turn } from "node:timers/promises";
import type { Job, MemorySample, OpenContestant, Outcome, Work } from "./job.js";
import { watchLoop } from "./loop-watch.js";
import { Notes } from "./notes.js";

async function run(job: Job): Promise<Outcome> {
  // Only the contestant's own module is loaded: nobody pays for another's code.
  const module = new URL(`./contestants/${job.contestant}.js`, import.meta.url);
  const { open } = (await import(module.href)) as { readonly open: OpenContestant };
  const contestant = await open(job.target);
  if (job.warmUp > 0) await contestant.perform({ ...job.work, messages: job.warmUp }, new Notes());
  const memory: MemorySample[] = [];
  const sample = async (messages: number): Promise<void> => {
    if (job.steps === 1) return;
    await turn();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    memory.push({ messages, rss, heapUsed, arrayBuffers });
  };
  const notes = new Notes();
  const stopWatching = watchesLoop(job.work) ? watchLoop(notes) : undefined;
  const cpu = process.cpuUsage();
  const begin = performance.now();
  let messages = 0;
  for (let step = 0; step < job.steps; step++) {
    await contestant.perform(job.work, notes);
    messages += handled(job.work);
    await sample(messages);
  }
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - begin;
  stopWatching?.();
  await contestant.close();
  return {
    messages,
    cpuNs: (user + system) * 1000,
    systemNs: system * 1000,
    wallMs,
    peakRss: process.resourceUsage().maxRSS * 1024,
    memory,
    ...notes.read(),
  };
}

function watchesLoop(work: Work): boolean {
  return work.kind === "receive" && work.watched === true;
}

// Of N publishers and M subscribers: all that was sent and all that was heard.
function handled(work: Work): number {
  return work.kind === "fan" ? work.messages * (1 + work.subscribers) : work.messages;
}

process.on("disconnect", () => process.exit(1));
process.on("message", (job: Job) => {
  run(job).then(
    (outcome) => process.send?.({ outcome }, () => process.exit(0)),
    (error: unknown) => process.send?.({ failure: String((error as Error).stack ?? error) }, () => process.exit(1)),
  );
});
process.send?.({ ready: true });
