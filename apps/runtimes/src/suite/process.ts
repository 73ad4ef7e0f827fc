// The suite in a process of Node, Deno or Bun: prints a line of JSON for each outcome, and must then end by itself.

import type { Line } from "./plan.js";
import { play } from "./suite.js";

const say = (line: Line): void => console.log(JSON.stringify(line));

const [origin = ""] = process.argv.slice(2);
await play(origin, (outcome) => say({ type: "outcome", outcome }));
const closed = performance.now();
process.on("exit", () => say({ type: "exit", ms: Math.round(performance.now() - closed) }));
say({ type: "closed" });
