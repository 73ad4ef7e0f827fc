// The suite in a process of its own, by the executable of a runtime: reads what it prints, and judges how it ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Host } from "./host.js";
import type { Line, Outcome } from "./suite/plan.js";

/** After close() a process has this long to end by itself, in its own time … */
const EXIT_MS = 1_000;
/** … and is ended by force when it is still there after `graceMs`, or when the suite takes longer than `suiteMs`. */
export interface Bounds {
  readonly graceMs: number;
  readonly suiteMs: number;
}
const BOUNDS: Bounds = { graceMs: 15_000, suiteMs: 180_000 };

export const ENDS_BY_ITSELF = "the process ends by itself";

const app = fileURLToPath(new URL("../", import.meta.url));

/** Plays it from source with `executable args… <suite>`; resolves when the process is gone. */
export async function playInProcess(
  host: Host,
  executable: string,
  args: readonly string[],
  { graceMs, suiteMs }: Bounds = BOUNDS,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let ended: string | undefined = "its connections were never all closed";
  let exit: number | undefined;
  const child = spawn(executable, [...args, "src/suite/process.ts", host.origin], {
    cwd: app,
    env: { ...process.env, NODE_EXTRA_CA_CERTS: host.caFile, DENO_CERT: host.caFile, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(child, "close");
  let killer = setTimeout(() => child.kill("SIGKILL"), suiteMs);
  const complaints: string[] = [];
  const printed = createInterface({ input: child.stdout });
  printed.on("line", (text) => {
    const line = lineOf(text);
    if (line === undefined) complaints.push(text);
    else if (line.type === "outcome") outcomes.push(line.outcome);
    else if (line.type === "exit") exit = line.ms;
    else {
      ended = undefined;
      clearTimeout(killer);
      killer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    }
  });
  createInterface({ input: child.stderr }).on("line", (text) => void complaints.push(text));
  const [code, signal] = (await gone.catch((error: unknown) => [String(error), null])) as [unknown, string | null];
  clearTimeout(killer);
  if (ended === undefined && signal !== null) ended = `something kept it alive, it was ended after ${graceMs} ms`;
  else if (ended === undefined && exit === undefined) ended = "it said nothing at its end";
  else if (ended === undefined && exit !== undefined && exit > EXIT_MS) ended = `only after ${exit} ms`;
  else if (code !== 0) ended = `it ended with ${code ?? signal}; ${ended ?? ""}`;
  const said = complaints.slice(-10).join("\n");
  outcomes.push({
    scenario: ENDS_BY_ITSELF,
    door: "",
    ms: exit ?? 0,
    ...(ended === undefined ? {} : { error: said === "" ? ended : `${ended}\n${said}` }),
  });
  return outcomes;
}

function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
