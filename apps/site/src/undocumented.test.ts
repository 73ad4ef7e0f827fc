// What counts as undocumented, on a package of a few lines.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application, LogLevel } from "typedoc";
import { expect, it, onTestFinished } from "vitest";
import { undocumented } from "./undocumented.js";

async function namesOf(code: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "myelin-undocumented-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "one.ts"), code);
  writeFileSync(join(folder, "two.ts"), "/** T. */ export const other = 2;");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "small", version: "1.0.0" }));
  const compilerOptions = { target: "ES2022", module: "NodeNext", types: [], skipLibCheck: true };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const app = await Application.bootstrap({
    entryPoints: ["one.ts", "two.ts"].map((name) => join(folder, name)),
    tsconfig: join(folder, "tsconfig.json"),
    logLevel: LogLevel.None,
    readme: "none",
    excludePrivate: true,
    skipErrorChecking: true,
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("not converted");
  return undocumented(project).map((name) => name.replace(/^one\./, "").replace(/ \(.*/, ""));
}

it("finds exported names and public members without a docstring, and nothing else", async () => {
  const names = await namesOf(`
    export const bare = 1;
    /** Said. */
    export interface Options {
      /** Said. */
      said: string;
      unsaid: number;
      method(): void;
    }
    /** Said. */
    export class Made {
      #hidden = 1;
      private quiet = 2;
      constructor(readonly field: number) {}
      get both() { return this.#hidden + this.quiet; }
      /** Said. */
      fine() {}
    }
    /** Said. */
    export type Shape = {
      inside: string;
    };
    /** Said. */
    export type Wide = Record<string, unknown> & {
      beside: string;
    };
    export function call() {}
    function inner() { return call(); }
    inner();
  `);
  expect(names).toEqual([
    "Made.both",
    "Made.field",
    "Options.method",
    "Options.unsaid",
    "Shape.inside",
    "Wide.__type.beside",
    "bare",
    "call",
  ]);
}, 120_000);

it("asks for no docstring where the type or the original says it", async () => {
  const names = await namesOf(`
    /** Said. */
    export class Base {
      /** Said. */
      run() {}
    }
    /** Said. */
    export class Derived extends Base {
      override run() {}
    }
    /** Said. */
    export interface Ping { kind: "ping" }
    /** Said. */
    export type Either = { kind: "a"; more: string } | { kind: "b" };
    export { other } from "./two.js";
  `);
  expect(names).toEqual([]);
}, 120_000);
