// The tests in the documents compile, and pass in the runner they are for.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocks, root } from "./documents.js";

const run = promisify(execFile);
const app = join(import.meta.dirname, "..");
const SOURCE = "@myelin/source";
// Inside this package, so that the snippets find what the package depends on.
mkdirSync(join(app, "node_modules"), { recursive: true });
const work = mkdtempSync(join(app, "node_modules/.runners-"));
// Jest looks into no node_modules; what it runs needs none.
const forJest = mkdtempSync(join(tmpdir(), "myelin-jest-"));

const RUNNERS = ["jest", "node:test", "vitest"];
const snippets = blocks.filter(({ kind }) => RUNNERS.includes(kind));
const filesFor = (runner: string): string[] =>
  snippets.filter(({ kind }) => kind === runner).map(({ slug }) => join(work, `${slug}.test.mts`));

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
  for (const { slug, code } of snippets) writeFileSync(join(work, `${slug}.test.mts`), code);
});
afterAll(() => {
  for (const folder of [work, forJest]) rmSync(folder, { recursive: true, force: true });
});

describe("P28: the snippets for test runners", { timeout: 120_000 }, () => {
  it("are there for three runners, and compile", async () => {
    for (const runner of RUNNERS) expect(filesFor(runner).length, runner).toBeGreaterThan(1);
    const config = { extends: join(root, "tsconfig.base.json"), include: ["*.mts"] };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/@typescript/native/bin/tsc");
    await node([tsc, "-p", work, "--isolatedDeclarations", "false"]).catch(({ stdout }) => expect(stdout).toBe(""));
  });

  it("passes in vitest", async () => {
    const config = `export default {
      resolve: { conditions: ["${SOURCE}", "module", "node", "development|production"] },
      ssr: { resolve: { conditions: ["${SOURCE}", "module", "node", "development|production"] } },
      test: { include: ${JSON.stringify(filesFor("vitest").map((file) => basename(file)))}, maxWorkers: 1 },
    };`;
    writeFileSync(join(work, "vitest.config.mjs"), config);
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const output = await node([vitest, "run", "--root", work], { NO_COLOR: "1" });
    expect(output).toMatch(new RegExp(`Tests\\s+${filesFor("vitest").length} passed`));
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
        ssr: true,
        outDir: forJest,
        emptyOutDir: false,
        minify: false,
        rollupOptions: { input: filesFor("jest"), output: { format: "cjs", entryFileNames: "[name].cjs" } },
      },
    });
    const config = { rootDir: forJest, testMatch: ["**/*.test.cjs"], testEnvironment: "node", transform: {} };
    writeFileSync(join(forJest, "jest.config.json"), JSON.stringify(config));
    const jest = createRequire(import.meta.url).resolve("jest/bin/jest");
    const output = await node([jest, "--config", join(forJest, "jest.config.json"), "--runInBand", "--no-cache"]);
    expect(output).toMatch(new RegExp(`Tests:\\s+${filesFor("jest").length} passed, ${filesFor("jest").length} total`));
  });

  it("passes in node:test", async () => {
    const output = await node([
      `--conditions=${SOURCE}`,
      "--import",
      "tsx",
      "--test-reporter=tap",
      "--test",
      ...filesFor("node:test"),
    ]);
    expect(output).toMatch(new RegExp(`^# pass ${filesFor("node:test").length}$`, "m"));
    expect(output).toMatch(/^# fail 0$/m);
  });
});
