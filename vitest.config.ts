// One vitest project for each workspace package and app, and one for scripts/, all run from source: no build is needed
// before a test. CI also gets a report as JSON, from which the last line of .ci/run is counted.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const SOURCE = "@myelin/source";

const folders = ["packages", "apps"].flatMap((group) =>
  existsSync(`${import.meta.dirname}/${group}`)
    ? readdirSync(`${import.meta.dirname}/${group}`).map((name) => `${import.meta.dirname}/${group}/${name}`)
    : [],
);

export default defineConfig({
  resolve: { conditions: [SOURCE, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [SOURCE, ...defaultServerConditions] } },
  test: {
    // No test is about how fast the machine is: the bound only ends what hangs.
    testTimeout: 60_000,
    // Much of a run is waiting for servers, so that two files at once fit even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    hookTimeout: 60_000,
    reporters: process.env["MYELIN_TEST_REPORT"]
      ? ["default", ["json", { outputFile: process.env["MYELIN_TEST_REPORT"] }]]
      : ["default"],
    projects: [
      ...folders
        .filter((folder) => existsSync(`${folder}/package.json`))
        .map((folder) => ({
          extends: true as const,
          root: folder,
          test: {
            name: JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).name as string,
            include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          },
        })),
      {
        extends: true as const,
        root: `${import.meta.dirname}/scripts`,
        test: { name: "scripts", include: ["*.test.mjs"] },
      },
    ],
  },
});
