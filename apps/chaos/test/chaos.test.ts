// The command itself, for a short while and with a seed whose first faults are a silent way, SIGKILL, torn streams, lame duck, a
// partition and the loss of all nodes.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";

it("P1, P15, P17: random faults on a real cluster under load lose, repeat and leave open nothing that must not be", {
  timeout: 120_000,
}, async () => {
  const child = spawn(
    process.execPath,
    ["--conditions=@myelin/source", "--import", "tsx", "src/main.ts", "--minutes", "0.28", "--seed", "6"],
    { cwd: `${import.meta.dirname}/..`, stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
  const [code] = await once(child, "close");
  expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/PASSED: \d+ faults/) });
  const faults = Number(/PASSED: (\d+) faults/.exec(said)?.[1]);
  expect(faults).toBeGreaterThanOrEqual(3);
  expect(said).toMatch(/ silence .* kill .* truncate /s);
  expect(Number(/requests: \d+ made, (\d+) answered/.exec(said)?.[1])).toBeGreaterThan(1_000);
});
