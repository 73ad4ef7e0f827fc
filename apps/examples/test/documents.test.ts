// Every block of TypeScript in every document is compiled, and run against a real server, or is a piece of a file that is.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { errors } from "myelin";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocks, documents, fencesOf, root } from "./documents.js";
import { type DocumentServers, startDocumentServers } from "./servers-of-the-documents.js";

const run = promisify(execFile);
const SECONDS = 1_000;
const app = join(import.meta.dirname, "..");
// Inside this package, so that the blocks find what the package depends on.
mkdirSync(join(app, "node_modules"), { recursive: true });
const work = mkdtempSync(join(app, "node_modules/.documents-"));
const programs = blocks.filter(({ kind }) => kind === "");
const pieces = blocks.filter(({ kind }) => kind.startsWith("of="));

let servers: DocumentServers;

beforeAll(async () => {
  servers = await startDocumentServers(work);
  for (const { slug, code } of programs)
    writeFileSync(join(work, `${slug}.mts`), `${servers.here(code)}\nexport {};\n`);
}, 120 * SECONDS);

afterAll(async () => {
  rmSync(work, { recursive: true, force: true });
  await servers?.stop();
});

describe("the code in the documents", { timeout: 120 * SECONDS }, () => {
  it("P56: every program of the documents compiles", async () => {
    const config = { extends: join(root, "tsconfig.base.json"), include: ["*.mts"] };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/@typescript/native/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", work, "--isolatedDeclarations", "false"]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  for (const { name, slug } of programs) {
    it(`${name} runs and ends by itself`, async () => {
      const args = ["--conditions=@myelin/source", "--import", "tsx", join(work, `${slug}.mts`)];
      const ended = await run(process.execPath, args, {
        timeout: 100 * SECONDS,
        env: { ...process.env, ...servers.environment },
      }).catch((error: { stderr: string }) => error);
      expect(ended.stderr).toBe("");
      expect("code" in ended ? ended.code : 0).toBe(0);
    });
  }

  for (const { name, kind, code } of pieces) {
    it(`${name} is what stands in ${kind.slice("of=".length)}`, () => {
      expect(readFileSync(join(root, kind.slice("of=".length)), "utf8")).toContain(code);
    });
  }

  it("P56: every block of the documents says what it is, so that no TypeScript goes without a run", () => {
    const known = /^(ts( (vitest|jest|node:test|of=[\w./-]+))?|sh|text|json|ini|html)$/;
    for (const path of documents) {
      for (const { info, code } of fencesOf(path)) {
        expect(info, `${path}: a block that begins with "${code.split("\n")[0]}"`).toMatch(known);
        if (!info.startsWith("ts")) expect(code, path).not.toMatch(/\bimport \{|\bawait |=> /);
      }
    }
  });
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
