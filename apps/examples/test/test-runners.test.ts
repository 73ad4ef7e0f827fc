// The snippets for test runners in the README of @myelin/testing compile, and pass in the runner they are for.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const app = join(import.meta.dirname, "..");
const root = join(app, "../..");
const SOURCE = "@myelin/source";
// Inside this package, so that the snippets find what the package depends on.
mkdirSync(join(app, "node_modules"), { recursive: true });
const work = mkdtempSync(join(app, "node_modules/.runners-"));
// Jest looks into no node_modules; what it runs needs none.
const forJest = mkdtempSync(join(tmpdir(), "myelin-jest-"));

const readme = readFileSync(join(root, "packages/testing/README.md"), "utf8");
const snippets = new Map(
  [...readme.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, runner = "", code = ""]) => [runner, code]),
);
const fileOf = (runner: string): string => join(work, `${runner.replace(/\W/g, "-")}.test.mts`);

/** What a program of Node prints, both streams; rejects with it when it fails. */
async function node(args: string[], env: Record<string, string> = {}): Promise<string> {
  const options = { cwd: work, timeout: 60_000, env: { ...cleanEnvironment(), ...env } };
  const { stdout, stderr } = await run(process.execPath, args, options);
  return stdout + stderr;
}

/** Without what this runner tells its own workers. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _1, VITEST: _2, NODE_TEST_CONTEXT: _3, ...rest } = process.env;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith("VITEST_")));
}

beforeAll(() => {
  for (const [runner, code] of snippets) writeFileSync(fileOf(runner), code);
});
afterAll(() => {
  for (const folder of [work, forJest]) rmSync(folder, { recursive: true, force: true });
});

describe("P28: the snippets for test runners", { timeout: 120_000 }, () => {
  it("are there for three runners, and compile", async () => {
    expect([...snippets.keys()].sort()).toEqual(["jest", "node:test", "vitest"]);
    const config = { extends: join(root, "tsconfig.base.json"), include: ["*.mts"] };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/@typescript/native/bin/tsc");
    await node([tsc, "-p", work, "--isolatedDeclarations", "false"]).catch(({ stdout }) => expect(stdout).toBe(""));
  });

  it("passes in vitest", async () => {
    const config = `export default {
      resolve: { conditions: ["${SOURCE}", "module", "node", "development|production"] },
      ssr: { resolve: { conditions: ["${SOURCE}", "module", "node", "development|production"] } },
      test: { include: ["vitest.test.mts"], maxWorkers: 1 },
    };`;
    writeFileSync(join(work, "vitest.config.mjs"), config);
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const output = await node([vitest, "run", "--root", work], { NO_COLOR: "1" });
    expect(output).toMatch(/Tests\s+1 passed/);
  });

  it("passes in jest", async () => {
    // Jest reads neither TypeScript nor conditions of its own accord; a project of its own has a transform for that.
    await build({
      root: work,
      configFile: false,
      logLevel: "silent",
      resolve: { conditions: [SOURCE, "module", "node"] },
      ssr: { noExternal: true, external: ["@jest/globals"], resolve: { conditions: [SOURCE, "module", "node"] } },
      build: {
        ssr: fileOf("jest"),
        outDir: forJest,
        emptyOutDir: false,
        minify: false,
        rollupOptions: { output: { format: "cjs", entryFileNames: "jest.test.cjs" } },
      },
    });
    const config = { rootDir: forJest, testMatch: ["**/*.test.cjs"], testEnvironment: "node", transform: {} };
    writeFileSync(join(forJest, "jest.config.json"), JSON.stringify(config));
    const jest = createRequire(import.meta.url).resolve("jest/bin/jest");
    const output = await node([jest, "--config", join(forJest, "jest.config.json"), "--runInBand", "--no-cache"]);
    expect(output).toMatch(/Tests:\s+1 passed, 1 total/);
  });

  it("passes in node:test", async () => {
    const output = await node([
      `--conditions=${SOURCE}`,
      "--import",
      "tsx",
      "--test-reporter=tap",
      "--test",
      fileOf("node:test"),
    ]);
    expect(output).toMatch(/^# pass 1$/m);
    expect(output).toMatch(/^# fail 0$/m);
  });
});
