// Twenty million messages in one process: does memory stay flat?

import type { ContestantName } from "../job.js";
import type { Line } from "../measure.js";
import { publishing, receiving, type Scenario } from "./scenario.js";

const STEPS = 40;

export const memory: Scenario = {
  name: "memory",
  title: "Memory",
  about:
    `Messages of 16 bytes in ${STEPS} steps in one process, memory read after each step with no collection forced. The first ` +
    "third is warm-up. Growth is the median of the last third minus the median of the second; range is the largest minus the " +
    "smallest of both. The codec decodes fresh copies of its chunks, as a socket would deliver.",
  messages: 20_000_000,
  documented: 4_000_000,
  lines: ({ messages }) =>
    (["myelin-codec", "myelin-client"] as const).flatMap((who) => [
      inSteps(receiving(who, Math.ceil(messages / STEPS), 16, { work: { read: "subject+data" } }), who),
      inSteps(publishing(who, Math.ceil(messages / STEPS), 16), who),
    ]),
};

function inSteps(line: Line, who: ContestantName): Line {
  const { work } = line.job;
  const fresh = work.kind === "receive" ? { ...work, freshChunks: who === "myelin-codec" } : work;
  return { ...line, job: { ...line.job, work: fresh, steps: STEPS } };
}
