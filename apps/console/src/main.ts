// `npm run console`: a cluster of three with websocket listeners, and the page that shows it. Both end with Ctrl-C. `--stand-in`: brokers
// in place of servers. `--no-cluster`: the page alone, for a cluster of one's own. `--port 8000`: the page's port.

import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { nodeOf, startCluster } from "./cluster.js";
import { HELP, type Node, obey } from "./nodes.js";
import { BLANK, hashOf } from "./page/settings.js";
import { servePage } from "./served.js";

const USAGE = "npm run console -- [--port 8000] [--stand-in | --no-cluster]";
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = optionsOf();
  if (options === undefined) return 2;
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Asked twice it does not wait; the servers have a watchdog of their own.
    process.on(signal, () => (stopped.signal.aborted ? process.exit(130) : stopped.abort()));
  }
  const cluster = options.cluster === "none" ? undefined : await startCluster(options.cluster === "stand-in", say);
  try {
    const page = await servePage(options.port);
    try {
      const servers = cluster?.servers.map(({ websocketUrl }) => websocketUrl) ?? [];
      const link = hashOf({
        ...BLANK,
        servers: servers[0] ?? "",
        subjects: servers.length > 0 ? [">"] : [],
        connect: servers.length > 0,
      });
      say(`\n  ${page.url}${link === "" ? "" : `#${link}`}\n`);
      if (cluster !== undefined) {
        for (const [index, server] of cluster.servers.entries())
          say(`  ${index + 1}  ${server.websocketUrl}  ${server.url}`);
        say(`\n${HELP}`);
        listen(cluster.servers.map(nodeOf), stopped.signal);
      }
      say("Ctrl-C ends everything.");
      await new Promise<void>((resolve) => stopped.signal.addEventListener("abort", () => resolve(), { once: true }));
    } finally {
      await page.stop();
    }
  } finally {
    await cluster?.stop();
  }
  return 0;
}

/** Takes one line after the other; the end of the input ends nothing. */
function listen(nodes: readonly Node[], signal: AbortSignal): void {
  let last = Promise.resolve();
  const lines = createInterface({ input: process.stdin });
  signal.addEventListener("abort", () => lines.close(), { once: true });
  lines.on("line", (line) => {
    last = last
      .then(() => obey(line, nodes, (ms) => delay(ms)))
      .then((answer) => say(answer))
      .catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  });
}

function optionsOf(): { readonly port: number; readonly cluster: "any" | "stand-in" | "none" } | undefined {
  try {
    const { values } = parseArgs({
      options: { port: { type: "string" }, "stand-in": { type: "boolean" }, "no-cluster": { type: "boolean" } },
    });
    const port = Number(values.port ?? 0);
    if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) throw new Error(`--port ${values.port} is no port`);
    const [standIn, alone] = [values["stand-in"] === true, values["no-cluster"] === true];
    if (standIn && alone) throw new Error("--stand-in is a cluster: it does not go with --no-cluster");
    return { port, cluster: alone ? "none" : standIn ? "stand-in" : "any" };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return undefined;
  }
}

process.exitCode = await main();
