// Every ```ts block of every README is a whole program: it compiles, and it runs against a real server and ends by itself.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { RealServer } from "@myelin/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const SECONDS = 1_000;
const app = join(import.meta.dirname, "..");
const root = join(app, "../..");
// Inside this package, so that the blocks find what the package depends on.
mkdirSync(join(app, "node_modules"), { recursive: true });
const work = mkdtempSync(join(app, "node_modules/.readme-"));

const readmes = ["README.md", ...["packages", "apps"].flatMap(membersOf)].filter((path) =>
  existsSync(join(root, path)),
);
const blocks = readmes.flatMap((path) => {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match, index) => ({
    name: `block ${index + 1} of ${path}`,
    file: join(work, `${path.replace(/\W+/g, "-")}-${index + 1}.mts`),
    code: `${match[1]}\nexport {};\n`,
  }));
});

let server: RealServer;

beforeAll(async () => {
  server = await RealServer.start();
  for (const { file, code } of blocks)
    writeFileSync(file, code.replaceAll(/\b(4222|122[234])\b/g, String(server.port)));
}, 120 * SECONDS);

afterAll(async () => {
  rmSync(work, { recursive: true, force: true });
  await server?.stop();
});

describe("the READMEs", { timeout: 60 * SECONDS }, () => {
  it("every block compiles", async () => {
    const config = { extends: join(root, "tsconfig.base.json"), include: ["*.mts"] };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/@typescript/native/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", work, "--isolatedDeclarations", "false"]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  for (const { name, file } of blocks) {
    it(`${name} runs and ends by itself`, async () => {
      const ended = await run(process.execPath, ["--conditions=@myelin/source", "--import", "tsx", file], {
        timeout: 30 * SECONDS,
      }).catch((error: { stderr: string }) => error);
      expect(ended.stderr).toBe("");
    });
  }
});

function membersOf(group: string): string[] {
  return readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`);
}
