// The runtimes of the table, where each comes from, and what it has. Those of a registry come by way of npx and its cache, and
// nothing is installed outside of that.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type InstalledBrowser, installedChromium, installedFirefox } from "./browsers.js";
import type { Abilities, Host } from "./host.js";
import { playInBrowser, versionOf } from "./in-browser.js";
import { playInProcess } from "./in-process.js";
import type { Outcome } from "./suite/plan.js";

const FETCH_MS = 120_000;
const run = promisify(execFile);

/** One that can be had here. */
export interface Ready {
  readonly version: string;
  play(host: Host): Promise<Outcome[]>;
}

export interface Runtime {
  readonly name: string;
  /** Rejects with the reason when it cannot be had here. */
  prepare(): Promise<Ready>;
}

export const runtimes: readonly Runtime[] = [
  node("20"),
  node("22"),
  node("24"),
  node("latest"),
  {
    name: "deno",
    async prepare() {
      const [executable, version] = await fetched("deno@2.9.6", "deno", "eval", [
        "console.log(Deno.execPath()); console.log(Deno.version.deno)",
      ]);
      // Our imports name the files as they are built, .js: the sources are found the sloppy way.
      const args = ["run", "-A", "--no-prompt", `--conditions=${SOURCE}`, "--unstable-sloppy-imports"];
      return ready(version, executable, args, W3C);
    },
  },
  {
    name: "bun",
    async prepare() {
      const [executable, version] = await fetched("bun@1.4.5", "bun", "-e", [
        "console.log(process.execPath); console.log(Bun.version)",
      ]);
      return ready(version, executable, [`--conditions=${SOURCE}`], W3C);
    },
  },
  browser(installedChromium),
  browser(installedFirefox),
];

const SOURCE = "@myelin/source";
const W3C: Abilities = {
  doors: ["tcp", "tls", "ws", "wss", "given ws", "given wss", "light ws", "light wss"],
  overWs: ["given ws", "given wss"],
};

/** The Node that runs this. */
export function presentNode(): Ready {
  return readyNode(process.execPath, process.versions.node);
}

function node(line: string): Runtime {
  return {
    name: `node@${line}`,
    async prepare() {
      const [executable, version] = await fetched(`node@${line}`, "node", "-e", [
        "console.log(process.execPath); console.log(process.versions.node)",
      ]);
      return readyNode(executable, version);
    },
  };
}

function browser(installed: InstalledBrowser): Runtime {
  return {
    name: installed.name.toLowerCase(),
    async prepare() {
      const executable = installed.find();
      if (executable === undefined) throw new Error(installed.missing);
      const version = await versionOf(installed, executable);
      return { version, play: (host) => playInBrowser(host, installed, executable) };
    },
  };
}

function readyNode(executable: string, version: string): Ready {
  // Of itself it takes `ws`, as ours has it installed; from 22 on it has a WebSocket of its own, too.
  const own = Number.parseInt(version, 10) >= 22 ? (["own ws", "own wss"] as const) : [];
  return ready(version, executable, [`--conditions=${SOURCE}`, "--import", "tsx"], {
    doors: ["tcp", "tls", "ws", "wss", ...own, "light ws", "light wss"],
    overWs: ["ws", "wss"],
  });
}

function ready(version: string, executable: string, args: readonly string[], abilities: Abilities): Ready {
  return {
    version,
    play(host) {
      host.expect(abilities);
      return playInProcess(host, executable, args);
    },
  };
}

/** Lets `command` of a package say two lines, its path and its version; without a network what npx has is good enough. */
async function fetched(
  wanted: string,
  command: string,
  flag: string,
  [program]: readonly [program: string],
): Promise<[executable: string, version: string]> {
  const ask = async (...how: string[]): Promise<[string, string]> => {
    // One try each: what is missing is told, and not waited for.
    const env = { ...process.env, npm_config_fetch_retries: "0" };
    const options = { timeout: FETCH_MS, shell: process.platform === "win32", env };
    const { stdout } = await run("npx", ["-y", ...how, "-p", wanted, "--", command, flag, program], options);
    const [executable = "", version = ""] = stdout.trim().split("\n").slice(-2);
    return [executable, version];
  };
  try {
    return await ask();
  } catch (error) {
    return ask("--offline").catch(() => {
      throw new Error(`npx could not get ${wanted}: ${reasonOf(error)}`);
    });
  }
}

function reasonOf(error: unknown): string {
  const { stderr = "", message } = error as { readonly stderr?: string; readonly message: string };
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !line.includes("npm warn"));
  return (lines[0] ?? message.split("\n")[0] ?? "").trim();
}
