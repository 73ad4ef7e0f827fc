// Declares the scenarios for one language: on each server line asked for, in both directions, and the cluster scene.

import { findServer, RealServer, type ServerBinary } from "@myelin/testing";
import { afterAll, beforeAll, describe, it, onTestFinished } from "vitest";
import { startDriverPeer } from "../src/driver-peer.js";
import type { DriverCommand } from "../src/driver-process.js";
import { type Language, MissingToolchainError } from "../src/languages/language.js";
import { ours } from "../src/our-peer.js";
import type { Peer } from "../src/peer.js";
import { playCluster } from "./cluster.js";
import { scenarios } from "./scenarios/index.js";
import type { End, Side } from "./scenarios/scenario.js";

const START_MS = 60_000;
const BOUND_MS = 60_000;

/** Everything with this language's client and each of ours, on these server lines. Without its toolchain: one skipped test with the reason. */
export async function declareInterop(language: Language, lines: readonly ("oldest" | "newest")[]): Promise<void> {
  const driver = await language
    .prepare((line) => void process.stderr.write(`${language.name}: ${line}\n`))
    .catch(missing);
  if (driver instanceof MissingToolchainError) {
    it.skip(`${language.name} is not met: ${driver.message}`, () => {});
    return;
  }
  for (const which of lines) {
    const binary = await findServer({ which });
    describe(`on nats-server ${binary.version}`, () => declareOn(language, driver, binary));
    if (which === "newest") describe("in a cluster", () => declareCluster(language, driver, binary));
  }
}

function declareOn(language: Language, driver: DriverCommand, binary: ServerBinary): void {
  let server: RealServer | undefined;
  let theirs: Peer | undefined;
  beforeAll(async () => {
    [server, theirs] = await Promise.all([
      RealServer.start({ binary }),
      startDriverPeer(language.name, driver, language.traits),
    ]);
    for (const { description } of ours)
      process.stderr.write(`${description} meets ${theirs.description} through nats-server ${binary.version}\n`);
  }, START_MS);
  afterAll(async () => {
    await Promise.all([server?.stop(), theirs?.stop()]);
  });
  const side = (end: End): Side => ({
    ...end,
    async open(options = {}) {
      const peer = ours.find((one) => one === end) ?? theirs;
      if (peer === undefined || server === undefined) throw new Error("nothing is running");
      const connection = await peer.connect({ servers: [server.url], ...options });
      onTestFinished(() => connection.close().catch(() => {})); // drained ones are closed already
      return connection;
    },
  });
  for (const [from, to] of ours.flatMap((one): [End, End][] => [
    [one, language],
    [language, one],
  ])) {
    describe(`${from.name} to ${to.name}`, () => {
      for (const [i, scenario] of scenarios.entries()) {
        const hindrance = scenario.hindrance?.(from, to);
        if (hindrance !== undefined) {
          it.skip(`${scenario.name} [${hindrance}]`, () => {});
          continue;
        }
        it(scenario.name, { timeout: BOUND_MS }, () =>
          scenario.play({
            from: side(from),
            to: side(to),
            subject: `${from.name}-${to.name}-${i}`.replace(/[. ]/g, "-"),
          }),
        );
      }
    });
  }
}

function declareCluster(language: Language, driver: DriverCommand, binary: ServerBinary): void {
  for (const one of ours) {
    describe(`${one.name} and ${language.name}`, () => {
      it("both go on, each on a node of its own, when a third node is killed", { timeout: BOUND_MS }, async () => {
        const theirs = await startDriverPeer(language.name, driver, language.traits);
        onTestFinished(() => theirs.stop());
        await playCluster(one, theirs, binary);
      });
    });
  }
}

function missing(error: unknown): MissingToolchainError {
  if (error instanceof MissingToolchainError) return error;
  throw error;
}
