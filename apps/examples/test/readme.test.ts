// Every ```ts block of every README is a whole program: it compiles, and it runs against a real server and ends by itself.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { RealServer } from "@myelin/testing";
import { errors } from "myelin";
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

describe("the tables of the root README", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const section = (title: string): string => readme.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
  const firstCells = (text: string): string[] =>
    [...text.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, cell]) =>
      [...(cell ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ""),
    );

  it("list every option of connect(), and no other", () => {
    const source = readFileSync(join(root, "packages/client/src/connection-options.ts"), "utf8");
    const body = /export interface ConnectionOptions \{\n(.*?)^\}/ms.exec(source)?.[1] ?? "";
    const options = [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name);
    expect(options.length).toBeGreaterThan(30);
    expect(firstCells(section("Options")).sort()).toEqual(options.sort());
  });

  it("list every error class the client exports, the transport's and the credentials'", () => {
    const names = [...Object.keys(errors), "CredentialsError", "TransportError", "TlsMaterialError"];
    expect(firstCells(section("Errors")).sort()).toEqual(names.sort());
  });

  it("give each error the code it has", () => {
    const codes = new Map(
      [...section("Errors").matchAll(/^\| `(\w+)` +\| `([A-Z_]+)` /gm)].map(([, name, code]) => [name, code]),
    );
    expect(codes.size).toBeGreaterThan(20);
    const sources = ["client", "protocol", "contracts"].flatMap((name) => {
      const folder = join(root, "packages", name, "src");
      return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
        .map((file) => readFileSync(join(folder, file), "utf8"));
    });
    for (const [name, code] of codes) {
      if (name === "TransportError" || name === "CredentialsError") continue; // several
      const found = sources
        .join("\n")
        .split(`class ${name} `)[1]
        ?.match(/readonly code(?:: string)? = "(\w+)"/)?.[1];
      expect(code, name).toBe(found);
    }
  });
});

function membersOf(group: string): string[] {
  return readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`);
}
