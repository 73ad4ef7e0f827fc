// Versions of nats-server: reading, ordering, and which ones count as newest and oldest here. No search, no files.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** `newest` is what new features are tested against, `oldest` the line that must still work (decision D17). */
export type Which = "newest" | "oldest";

/** What each line accepts (`from` inclusive, `below` exclusive), and what is built or downloaded when nothing is there. */
export const versionLines: Readonly<Record<Which, { from: string; below: string; pinned: string }>> = Object.freeze({
  newest: { from: "2.12.0", below: "3.0.0", pinned: "2.15.2" },
  oldest: { from: "2.9.0", below: "2.11.0", pinned: "2.9.25" },
});

/** Negative when `a` is older than `b`; compares the three numbers only, a pre-release counts as its release. */
export function compareVersions(a: string, b: string): number {
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** True when this version serves as the named line. */
export function isOfLine(version: string, which: Which): boolean {
  const { from, below } = versionLines[which];
  return compareVersions(version, from) >= 0 && compareVersions(version, below) < 0;
}

/** The version in the output of `nats-server --version` (`nats-server: v2.15.1`), or `undefined`. */
export function parseVersion(output: string): string | undefined {
  return /^nats-server:\s*v?(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
}

/** Runs the binary with `--version`; rejects when it does not run here or is no nats-server. */
export async function versionOf(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 10_000 });
  const version = parseVersion(stdout);
  if (version === undefined) throw new Error(`${path} --version did not answer like a nats-server`);
  return version;
}

function numbers(version: string): number[] {
  return (version.split("-")[0] ?? "").split(".").map(Number);
}
