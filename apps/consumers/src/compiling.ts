// TypeScript in the projects of others: a typed program is compiled with each way of resolving modules, in each module system, and what
// was written runs. node10 is that of TypeScript up to 6: 7 has it no more.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./archives.js";
import { type ClientName, type Module, typeScript } from "./programs.js";

export type Resolution = "node10" | "node16" | "nodenext" | "bundler";
export const resolutions: readonly Resolution[] = ["node10", "node16", "nodenext", "bundler"];

const COMPILERS = { 6: "node_modules/typescript/bin/tsc6", 7: "node_modules/@typescript/native/bin/tsc" };

/** Compiles the program below `project`, with the declarations of all packages checked too, and answers the file that was written. */
export function compile(project: string, client: ClientName, resolution: Resolution, module: Module): string {
  const { file, text } = typeScript(client, module);
  const folder = join(project, "typescript", `${resolution}-${module}-${client.replace(/\W/g, "-")}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text);
  const old = resolution === "node10";
  const flags = [
    ["--module", moduleOf(resolution, module)],
    ["--moduleResolution", resolution],
    ["--target", "ES2022"],
    ["--lib", "ES2023,ESNext.Disposable,DOM"],
    ["--types", "node"],
    ["--typeRoots", join(root, "node_modules/@types")],
    ["--strict", "--pretty", "false"],
    // The name of an option that is on its way out, and no error for it.
    old ? ["--ignoreDeprecations", "6.0"] : [],
  ].flat();
  run([join(root, COMPILERS[old ? 6 : 7]), ...flags, "--outDir", join(folder, "out"), join(folder, file)], folder);
  return join(folder, "out", file.replace("ts", "js"));
}

/** What TypeScript 7 says of node10. */
export function refusalOfNode10(project: string): string {
  const file = join(project, "node10.mts");
  writeFileSync(file, "export {};\n");
  try {
    run([join(root, COMPILERS[7]), "--noEmit", "--moduleResolution", "node10", "--module", "es2022", file], project);
    return "TypeScript 7 takes it";
  } catch (error) {
    return /error (TS\d+: .*)/.exec(String(error))?.[1] ?? String(error);
  }
}

function moduleOf(resolution: Resolution, module: Module): string {
  if (resolution === "node16" || resolution === "nodenext") return resolution;
  return module === "ESM" ? "es2022" : "commonjs";
}

function run(args: string[], cwd: string): void {
  try {
    execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: "pipe", timeout: 120_000 });
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    throw new Error(stdout === undefined || stdout === "" ? String(error) : stdout);
  }
}
