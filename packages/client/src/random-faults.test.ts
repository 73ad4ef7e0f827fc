// Random programs of every public call and every fault on a simulated cluster, in a process of its own that dies of any unhandled
// rejection: whatever happens, every promise settles with a value or a documented error, no subscription is lost, nothing is
// left behind, and the events are a word of their grammar. The programs are in test/escape; MYELIN_SEEDS asks for more of them, and `npm run soak` for very many.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";

const SEEDS = process.env["MYELIN_SEEDS"] ?? "150";
const PATIENCE = 300_000;

interface End {
  readonly code: number | null;
  readonly said: { readonly runs?: number; readonly events?: number };
  readonly complaints: string;
}

async function soak(count: string, first: string, env: Record<string, string> = {}): Promise<End> {
  const file = new URL("../test/escape/soak.ts", import.meta.url).pathname;
  const flags = ["--unhandled-rejections=strict", "--conditions=@myelin/source", "--import", "tsx"];
  const child = spawn(process.execPath, [...flags, file, count, first], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  let complaints = "";
  let said = "{}";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  child.stdout.on("data", (chunk: Buffer) => {
    said = chunk.toString();
  });
  await once(child, "close");
  return { code: child.exitCode, said: JSON.parse(said) as End["said"], complaints };
}

describe("random calls and faults", () => {
  it(
    `P6, P21: ${SEEDS} programs end in order in a process that dies of any rejection`,
    async () => {
      const { code, complaints, said } = await soak(SEEDS, "1");
      expect(complaints).toBe("");
      expect(said).toMatchObject({ runs: Number(SEEDS), events: 0 });
      expect(code).toBe(0);
    },
    PATIENCE,
  );

  it(
    "P6: an escape is seen, with the seed and the program to replay it",
    async () => {
      const { code, complaints, said } = await soak("2", "7", { MYELIN_SOAK_SABOTAGE: "8" });
      expect(complaints).toContain("let loose on purpose");
      expect(complaints).toContain("seed 8, ");
      expect(complaints).not.toContain("seed 7, ");
      expect([code, said.runs]).toEqual([1, 2]);
      expect(said.events).toBeGreaterThan(0);
    },
    PATIENCE,
  );
});
