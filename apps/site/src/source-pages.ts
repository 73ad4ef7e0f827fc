// What documents link to and is no document: programs, folders, the licence. The site is whole without a repository to browse, so each
// of them becomes a page. Finds them; who renders is elsewhere.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { type Page, root } from "./pages.js";

const LANGUAGES: Readonly<Record<string, string>> = {
  ".ts": "ts",
  ".mjs": "js",
  ".go": "go",
  ".rs": "rust",
  ".py": "python",
};

/** Pages for what `documents` link to and have not themselves, and throws for what is not there. */
export function sourcePages(documents: readonly Pick<Page, "path" | "text">[]): readonly Page[] {
  const known = new Set(documents.flatMap(({ path }) => [path, folderOf(path)]));
  const found = new Map<string, Page>();
  for (const { path, text } of documents) {
    for (const [, link = ""] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = ""] = link.split("#");
      if (file === "" || /^[a-z]+:/.test(file)) continue;
      const target = relative(root, join(root, dirname(path), file));
      if (known.has(target) || found.has(target)) continue;
      if (!existsSync(join(root, target))) throw new Error(`${path}: "${link}" leads nowhere`);
      found.set(target, sourcePage(target));
    }
  }
  return [...found.values()];
}

/** The folder a README stands for, else the path itself. */
export function folderOf(path: string): string {
  return path.endsWith("/README.md") ? dirname(path) : path;
}

function sourcePage(path: string): Page {
  const isFolder = statSync(join(root, path)).isDirectory();
  const text = isFolder
    ? listing(path)
    : fence(readFileSync(join(root, path), "utf8"), LANGUAGES[extname(path)] ?? "text");
  return { path, title: path, group: "Sources", text };
}

function listing(path: string): string {
  const names = readdirSync(join(root, path)).filter((name) => !/^(node_modules|target|__pycache__)$/.test(name));
  return `In \`${path}\` of the repository:\n\n${names.map((name) => `- \`${name}\``).join("\n")}\n`;
}

function fence(code: string, language: string): string {
  return `\`\`\`\`${language}\n${code}\n\`\`\`\`\n`;
}

function withoutCode(text: string): string {
  return text.replace(/^(`{3,}).*?^\1$/gms, "").replace(/`[^`\n]*`/g, "code");
}
