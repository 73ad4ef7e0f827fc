// Imports point one way: the table below is the layer picture of CONTRIBUTING.md, checked over everything that ships
// (src without tests). What runs in a browser may not import `node:`; globals and calls are the business of .oxlintrc.json.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

/** Siblings and other packages each package's shipped source may import, and whether it (or which of its files) may import `node:`. */
export const layers = {
  contracts: { imports: [], node: false },
  protocol: { imports: ["@myelin/contracts"], node: false },
  "server-pool": { imports: ["@myelin/contracts"], node: false },
  "transport-node": { imports: ["@myelin/contracts"], node: true },
  "transport-websocket": {
    imports: ["@myelin/contracts"],
    node: ["node-runtime.ts", "certificate-end.ts"],
    nodeImports: ["ws"],
  },
  credentials: { imports: ["@myelin/contracts", "@nats-io/nkeys"], node: false },
  client: { imports: ["@myelin/contracts", "@myelin/protocol", "@myelin/server-pool"], node: false },
  light: { imports: ["@myelin/contracts"], node: false },
  myelin: {
    imports: [
      "@myelin/client",
      "@myelin/contracts",
      "@myelin/credentials",
      "@myelin/transport-node",
      "@myelin/transport-websocket",
    ],
    node: false,
  },
  testing: { imports: ["@myelin/contracts", "@myelin/protocol", "@nats-io/nkeys", "@peculiar/x509", "ws"], node: true },
};

/** Problems of one file, as sentences. `file` is relative to the workspace, such as `packages/client/src/link.ts`. */
export function problemsOf(file, text) {
  const [, name = ""] = file.split("/");
  const layer = layers[name];
  if (layer === undefined) return [`${file}: packages/${name} has no row in scripts/check-imports.mjs; add one`];
  const onNode = Array.isArray(layer.node) ? layer.node.includes(basename(file)) : layer.node;
  return importsOf(file, text).flatMap(({ specifier, line }) => {
    const at = `${file}:${line}`;
    if (specifier.startsWith(".")) {
      const inside = !relative(join("packages", name, "src"), join(dirname(file), specifier)).startsWith("..");
      return inside ? [] : [`${at}: "${specifier}" leaves the package's src`];
    }
    if (specifier.startsWith("node:")) return onNode ? [] : [`${at}: ${name} runs in a browser, no "${specifier}"`];
    if (layer.imports.includes(specifier)) return [];
    if (onNode && layer.nodeImports?.includes(specifier)) return [];
    return [`${at}: ${name} may not import "${specifier}", only ${layer.imports.join(", ") || "nothing"}`];
  });
}

function importsOf(file, text) {
  const source = ts.createSourceFile(basename(file), text, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node)
          ? node.argument.literal
          : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
            ? node.arguments[0]
            : undefined;
    if (specifier !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(specifier.getStart(source));
      // A computed specifier cannot be judged, so it is judged to be wrong.
      const literal = ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText(source);
      found.push({ specifier: literal, line: line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function* shippedFiles(root) {
  for (const name of readdirSync(join(root, "packages"))) {
    const folder = join(root, "packages", name, "src");
    if (!existsSync(folder)) continue;
    for (const path of readdirSync(folder, { recursive: true })) {
      if (/\.[cm]?tsx?$/.test(path) && !path.endsWith(".test.ts")) yield relative(root, join(folder, path));
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const files = [...shippedFiles(root)].map((file) => file.split(sep).join("/"));
  const problems = files.flatMap((file) => problemsOf(file, readFileSync(join(root, file), "utf8")));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${files.length} files, ${problems.length} imports against the layers\n`);
  if (problems.length > 0) process.exitCode = 1;
}
