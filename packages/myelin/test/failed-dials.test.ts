// P11: memory while a server is down for long.

import { expect, it } from "vitest";
import { runScript } from "./run-script.js";

const DIALS = 100_000;
const MIB = 1_048_576;

it("P11: 100 000 failed dials leave the heap within 1 MiB, and no timer, socket or listener more", async () => {
  const { said, exitCode, stderr } = await runScript("failed-dials", { dials: DIALS }, ["--expose-gc"], 120_000);
  expect({ said, exitCode, stderr }).toMatchObject({
    said: { timers: 0, listeners: 0, left: 0, resources: [] },
    exitCode: 0,
    stderr: "",
  });
  expect(said["made"]).toBeGreaterThanOrEqual(DIALS);
  expect(said["failed"]).toBeGreaterThanOrEqual(DIALS - 10);
  expect(said["heap"]).toBeLessThan(MIB);
}, 150_000);
