// Clients of other languages as contestants: how each program of ../peers is built into the cache, and one run of it. What a
// machine cannot build is left out, with the reason.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { built, cacheOf, MissingToolchainError, requireVersion, tool } from "@myelin/interop/toolchain";
import type { Job, Outcome, PeerName } from "./job.js";

/** How a peer is started. */
export interface PeerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const RUN_MS = 180_000;
const run = promisify(execFile);
const sources = (language: string): string => fileURLToPath(new URL(`../peers/${language}`, import.meta.url));

const prepare: Readonly<Record<PeerName, (say: (line: string) => void) => Promise<PeerCommand>>> = {
  "nats-go": async (say) => {
    const make = async (staging: string): Promise<void> => {
      await requireVersion("go", ["version"], "1.26");
      say("building nats.go's contestant with go build");
      // GOTOOLCHAIN=local: this machine's Go, not another one downloaded for the occasion.
      const env = { GOTOOLCHAIN: "local", CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" };
      await tool("go", ["build", "-trimpath", "-o", join(staging, "peer"), "."], { cwd: sources("go"), env });
    };
    return { command: join(await built("go", make, sources("go")), "peer"), args: [] };
  },
  "async-nats": async (say) => {
    const make = async (staging: string): Promise<void> => {
      await requireVersion("cargo", ["--version"], "1.89");
      say("building async-nats' contestant with cargo build --release, which takes some minutes the first time");
      const env = { CARGO_TARGET_DIR: join(cacheOf("rust"), "target") };
      await tool("cargo", ["build", "--release", "--locked", "--quiet"], { cwd: sources("rust"), env });
      await copyFile(join(env.CARGO_TARGET_DIR, "release", "bench-peer"), join(staging, "peer"));
    };
    return { command: join(await built("rust", make, sources("rust")), "peer"), args: [] };
  },
  "nats-py": async (say) => {
    await requireVersion("python3", ["--version"], "3.9");
    const make = async (staging: string): Promise<void> => {
      await tool("python3", ["-m", "pip", "--version"]).catch(() => {
        throw new MissingToolchainError("python3 has no pip");
      });
      say("installing nats-py with pip");
      const args = ["--quiet", "--no-deps", "--disable-pip-version-check", "--root-user-action=ignore"];
      const requirements = join(sources("python"), "requirements.txt");
      await tool("python3", ["-m", "pip", "install", ...args, "--target", staging, "--requirement", requirements]);
    };
    const env = { PYTHONPATH: await built("python", make, sources("python")), PYTHONDONTWRITEBYTECODE: "1" };
    return { command: "python3", args: [join(sources("python"), "peer.py")], env };
  },
};

export function isPeer(name: Job["contestant"]): name is PeerName {
  return name in prepare;
}

const PINS: Readonly<Record<PeerName, readonly [file: string, pin: RegExp]>> = {
  "nats-go": ["go/go.mod", /nats\.go v(\S+)/],
  "async-nats": ["rust/Cargo.toml", /async-nats = \{ version = "=([^"]+)"/],
  "nats-py": ["python/requirements.txt", /nats-py==(\S+)/],
};

/** The version of the client, as its program pins it. */
export function peerVersion(name: PeerName): string {
  const [file, pin] = PINS[name];
  return pin.exec(readFileSync(sources(file), "utf8"))?.[1] ?? "unknown";
}

/** Rejects with a reason to leave the peer out; what a toolchain that is there says of its failure is one as well. */
export function preparePeer(name: PeerName, say: (line: string) => void): Promise<PeerCommand> {
  return prepare[name](say);
}

/** One run in a fresh process of the peer. Rejects when the run is void. */
export async function runPeer({ command, args, env }: PeerCommand, { work, warmUp, target }: Job): Promise<Outcome> {
  if (work.kind !== "publish" && work.kind !== "receive") throw new Error("a peer publishes and receives");
  const verb = work.kind === "publish" ? "pub" : "sub";
  const numbers = [work.messages, work.size, warmUp].map(String);
  const { stdout } = await run(command, [...args, verb, `nats://127.0.0.1:${target.port}`, ...numbers], {
    env: { ...process.env, ...env },
    timeout: RUN_MS,
    killSignal: "SIGKILL",
  });
  return { ...(JSON.parse(stdout) as Omit<Outcome, "memory">), memory: [] };
}
