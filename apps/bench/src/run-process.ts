// One run: a fresh process that opens one contestant, warms it up, works, measures itself and answers its parent. The only
// code that runs between two readings of the CPU time is the contestant's.

import { setImmediate as turn } from "node:timers/promises";
import type { Contestant, Job, MemorySample, OpenContestant, Outcome, Work } from "./job.js";

async function run(job: Job): Promise<Outcome> {
  // Only the contestant's own module is loaded: nobody pays for another's code.
  const { open } = (await import(`./contestants/${job.contestant}.js`)) as { readonly open: OpenContestant };
  const contestant = await open(job.port);
  if (job.warmUp > 0) await work(contestant, { ...job.work, messages: job.warmUp });
  const memory: MemorySample[] = [];
  const sample = async (messages: number): Promise<void> => {
    if (job.steps === 1) return;
    await turn();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    memory.push({ messages, rss, heapUsed, arrayBuffers });
  };
  const cpu = process.cpuUsage();
  const begin = performance.now();
  let messages = 0;
  for (let step = 0; step < job.steps; step++) {
    await work(contestant, job.work);
    messages += job.work.messages;
    await sample(messages);
  }
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - begin;
  await contestant.close();
  return {
    messages,
    cpuNs: (user + system) * 1000,
    systemNs: system * 1000,
    wallMs,
    peakRss: process.resourceUsage().maxRSS * 1024,
    memory,
  };
}

function work(contestant: Contestant, what: Work): Promise<void> {
  return what.kind === "receive" ? contestant.receive(what) : contestant.publish(what);
}

process.on("disconnect", () => process.exit(1));
process.on("message", (job: Job) => {
  run(job).then(
    (outcome) => process.send?.({ outcome }, () => process.exit(0)),
    (error: unknown) => process.send?.({ failure: String((error as Error).stack ?? error) }, () => process.exit(1)),
  );
});
process.send?.({ ready: true });
