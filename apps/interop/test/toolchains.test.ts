// Whether a toolchain counts as missing, which is a reason to skip, or as broken, which is not.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { built, requireVersion, tool } from "../src/languages/built.js";
import { languages } from "../src/languages/index.js";
import { MissingToolchainError } from "../src/languages/language.js";

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "myelin-interop-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

it("without a toolchain and without a driver in the cache, each language but nats.js says what it lacks", async () => {
  const folder = await emptyFolder();
  vi.stubEnv("PATH", folder);
  vi.stubEnv("MYELIN_CACHE", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const reasons = await Promise.all(
    languages.map((language) =>
      language
        .prepare(() => {})
        .then(
          () => "ready",
          (error: unknown) => (error instanceof MissingToolchainError ? error.message : String(error)),
        ),
    ),
  );
  expect(reasons).toEqual([
    "ready",
    "there is no go on PATH",
    "there is no cargo on PATH",
    "there is no python3 on PATH",
  ]);
});

it("a toolchain that is too old, or does not run, is a missing one", async () => {
  await expect(requireVersion(process.execPath, ["--version"], "20.0")).resolves.toBeUndefined();
  await expect(requireVersion(process.execPath, ["--version"], "999.0")).rejects.toThrow(
    /is \d+.* needs 999\.0 or newer/,
  );
  await expect(requireVersion(process.execPath, ["-e", "process.exit(1)"], "1.0")).rejects.toThrow(
    MissingToolchainError,
  );
});

it("a tool that fails is an error with what it printed, and leaves nothing in the cache", async () => {
  vi.stubEnv("MYELIN_CACHE", await emptyFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  const failing = built("go", () =>
    tool(process.execPath, ["-e", "console.error('no network'); process.exit(1)"]).then(),
  );
  await expect(failing).rejects.toThrow("no network");
  await expect(failing).rejects.not.toBeInstanceOf(MissingToolchainError);
  let made = 0;
  const make = (folder: string): Promise<void> => writeFile(join(folder, "driver"), String(++made));
  const folders = [await built("go", make), await built("go", make)];
  expect([new Set(folders).size, made]).toEqual([1, 1]);
});
