// `npm run console`: a cluster of three with websocket listeners, and the page that shows it. Both end with Ctrl-C. `--no-cluster`, or
// no server to be had: the page alone, for a cluster of one's own. `--port 8000`: the page's port.

import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { findServer, RealCluster, type ServerBinary, ServerNotFoundError } from "@myelin/testing";
import { HELP, type Node, obey } from "./nodes.js";
import { BLANK, hashOf } from "./page/settings.js";
import { nodeOf } from "./real-nodes.js";
import { servePage } from "./served.js";

const USAGE = "npm run console -- [--port 8000] [--no-cluster]";
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = optionsOf();
  if (options === undefined) return 2;
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Asked twice it does not wait; the servers have a watchdog of their own.
    process.on(signal, () => (stopped.signal.aborted ? process.exit(130) : stopped.abort()));
  }
  const cluster = options.cluster ? await startCluster() : undefined;
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

async function startCluster(): Promise<RealCluster | undefined> {
  let binary: ServerBinary;
  try {
    binary = await findServer({ say });
  } catch (error) {
    if (!(error instanceof ServerNotFoundError)) throw error;
    say(`No nats-server could be had, so this is the page without a cluster.\n${error.message}`);
    return undefined;
  }
  say(`starting three nodes of nats-server ${binary.version}`);
  return RealCluster.start({ binary, name: "console", websocket: true, lameDuckGracePeriod: 10 });
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

function optionsOf(): { readonly port: number; readonly cluster: boolean } | undefined {
  try {
    const { values } = parseArgs({ options: { port: { type: "string" }, "no-cluster": { type: "boolean" } } });
    const port = Number(values.port ?? 0);
    if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) throw new Error(`--port ${values.port} is no port`);
    return { port, cluster: values["no-cluster"] !== true };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return undefined;
  }
}

process.exitCode = await main();
