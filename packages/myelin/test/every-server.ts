// Runs the same tests against the oldest and the newest real server this machine can find or fetch.

import { findServer, type ServerBinary } from "@myelin/testing";
import { describe } from "vitest";

const binaries = [await findServer({ which: "oldest" }), await findServer({ which: "newest" })] as const;

/** The versions that run, the oldest line first. */
export const versions: readonly string[] = binaries.map(({ version }) => version);

/** Declares `tests` once for each server version. */
export function forEachServer(tests: (binary: ServerBinary) => void): void {
  for (const binary of binaries) describe(`on nats-server ${binary.version}`, () => tests(binary));
}

/** True for servers that tell a connection about itself after its first PONG (2.12 and newer). */
export function tellsConnectInfo({ version }: ServerBinary): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 12);
}
