// Which documents the site has, in the order of its navigation, and which packages. Titles are the documents' own headings.
// What is linked from a document and is no document (a program, a licence) becomes a page of its own: see source-pages.ts.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Groups of the navigation, in order. */
export const GROUPS = ["Guides", "Figures and proofs", "Packages", "Programs", "Working on it", "Sources"] as const;

export interface Page {
  /** Relative to the root; links to it and to its folder, where it is a README, lead to the page. */
  readonly path: string;
  readonly title: string;
  readonly group: (typeof GROUPS)[number];
  /** Markdown without the title. */
  readonly text: string;
}

const GUIDES = [
  "connecting-to-a-cluster",
  "surviving-outages",
  "security",
  "migrating-from-nats-js",
  "testing-your-app",
  "writing-a-transport",
  "writing-a-strategy",
];

/** Lowest layer first: what several packages export is documented where it is declared. */
export const PACKAGES = [
  "contracts",
  "protocol",
  "server-pool",
  "credentials",
  "transport-node",
  "transport-websocket",
  "client",
  "light",
  "myelin",
  "testing",
] as const;

/** The same in the order of who looks for them. */
export const SHOWN: readonly (typeof PACKAGES)[number][] = [
  "myelin",
  "client",
  "light",
  "server-pool",
  "protocol",
  "credentials",
  "transport-node",
  "transport-websocket",
  "testing",
  "contracts",
];

/** Every document, read now. Throws where the lists above and the folders differ. */
export function pages(): readonly Page[] {
  same("docs/guides", GUIDES, namesIn("docs/guides"));
  same("packages", PACKAGES, namesIn("packages"));
  const programs = namesIn("apps").filter((name) => existsSync(join(root, "apps", name, "README.md")));
  return [
    ...GUIDES.map((name) => page(`docs/guides/${name}.md`, "Guides")),
    page("docs/performance.md", "Figures and proofs"),
    page("docs/conformance.md", "Figures and proofs"),
    ...programs.map((name) => page(`apps/${name}/README.md`, "Programs")),
    page("CONTRIBUTING.md", "Working on it"),
  ];
}

function page(path: string, group: Page["group"]): Page {
  const text = readFileSync(join(root, path), "utf8");
  const [, title, rest] = /^# (.+)\n([\s\S]*)$/.exec(text) ?? [];
  if (title === undefined || rest === undefined) throw new Error(`${path} does not begin with a title: "# …"`);
  return { path, title: title.replaceAll("`", ""), group, text: rest };
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md") || statSync(join(root, folder, name)).isDirectory())
    .map((name) => name.replace(/\.md$/, ""));
}

function same(folder: string, listed: readonly string[], found: readonly string[]): void {
  const differing = [
    ...listed.filter((name) => !found.includes(name)),
    ...found.filter((name) => !listed.includes(name)),
  ];
  if (differing.length > 0) {
    throw new Error(`${folder} and the list in apps/site/src/pages.ts differ: ${differing.join(", ")}`);
  }
}
