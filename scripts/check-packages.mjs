// Packs every published package as it would be published, and uses the archives as a stranger would: publint and
// are-the-types-wrong on each, npm's own publish up to the upload, then all of them installed into a fresh project, imported,
// required, and compiled against. Needs a build, which `npm run packages` makes first.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { declaredNames } from "./declared-names.mjs";
import { packages, root } from "./packages.mjs";

const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const work = mkdtempSync(join(tmpdir(), "myelin-packages-"));
const failures = [];
/** A registry that is not there. */
const NOWHERE = "http://127.0.0.1:9/";
try {
  const archives = join(work, "archives");
  mkdirSync(archives);
  run(root, "npx", ["-y", packageManager, "-r", "--filter", "./packages/*", "pack", "--pack-destination", archives]);
  const packed = packages.map((one) => ({ ...one, archive: join(archives, archiveName(one.manifest)) }));
  for (const { manifest, archive } of packed) {
    const files = run(work, "tar", ["-tzf", archive]).split("\n");
    for (const wanted of [
      "package/LICENSE",
      "package/README.md",
      "package/dist/index.js",
      "package/dist/index.d.cts",
    ]) {
      if (!files.includes(wanted)) failures.push(`${manifest.name}: the archive has no ${basename(wanted)}`);
    }
    run(root, join(root, "node_modules/.bin/publint"), [archive, "--strict"]);
    run(root, join(root, "node_modules/.bin/attw"), [archive, "--profile", "strict", "--no-emoji"]);
    rehearse(manifest, archive);
  }
  if (readdirSync(archives).length !== packages.length) failures.push("not every package was packed");
  if (failures.length === 0) useFromOutside(packed);
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const failure of failures) console.log(failure);
console.log(`${packages.length} packages packed, published up to the upload, and used, ${failures.length} problems`);
if (failures.length > 0) process.exitCode = 1;

// What npm would publish: these files and no others, for everybody, with provenance. Nobody is asked: there is no registry and no login.
function rehearse({ name, version, private: kept }, archive) {
  const args = ["publish", archive, "--dry-run", "--json", "--ignore-scripts"];
  const alone = {
    npm_config_registry: NOWHERE,
    npm_config_fetch_retries: "0",
    npm_config_userconfig: join(work, "no-npmrc"),
  };
  const told = [];
  const stdout = run(work, "npm", args, { env: { ...process.env, ...alone }, onError: (text) => told.push(text) });
  const wanted = (what, ok) => ok || failures.push(`npm publish of ${name}: ${what}`);
  wanted("its manifest is private", kept !== true);
  // By name, or plain in older versions of npm.
  const answer = stdout === "" ? {} : JSON.parse(stdout);
  const said = answer[name] ?? answer;
  wanted(`it would be ${said.id}, not ${name}@${version}`, said.id === `${name}@${version}`);
  const files = (said.files ?? []).map(({ path }) => path);
  const strays = files.filter((path) => !/^(dist\/.+|(README|LICENSE|CHANGELOG)(\.md)?|package\.json)$/.test(path));
  wanted(`it would publish ${strays.join(", ")}`, strays.length === 0 && files.length > 0);
  wanted(
    `it would not be public: ${told.join("")}`,
    /with tag latest and public access \(dry-run\)/.test(told.join("")),
  );
  const { publishConfig } = JSON.parse(run(work, "tar", ["-xzOf", archive, "package/package.json"]) || "{}");
  wanted("the archive does not ask for provenance", publishConfig?.provenance === true);
}

function useFromOutside(packed) {
  const project = join(work, "project");
  mkdirSync(project);
  const names = packed.map(({ manifest }) => manifest.name);
  const files = Object.fromEntries(packed.map(({ manifest, archive }) => [manifest.name, `file:${archive}`]));
  const put = (name, text) => writeFileSync(join(project, name), text);
  put("package.json", JSON.stringify({ private: true, dependencies: files }));
  // The packages name each other by version; outside a registry they must be pointed at the archives.
  const overrides = Object.entries(files).map(([name, file]) => `  "${name}": "${file}"\n`);
  put("pnpm-workspace.yaml", `packages: ["."]\noverrides:\n${overrides.join("")}`);
  run(project, "npx", ["-y", packageManager, "install", "--prefer-offline", "--ignore-scripts"]);

  for (const conditions of [[], ["browser"]]) {
    const declared = [...declaredNames(project, names, conditions)];
    const flags = conditions.map((one) => `--conditions=${one}`);
    put(
      "import.mjs",
      declared.map(([name, all], i) => `import * as p${i} from "${name}";\n${uses(name, `p${i}`, all)}`).join(""),
    );
    put(
      "require.cjs",
      declared.map(([name, all], i) => `const p${i} = require("${name}");\n${uses(name, `p${i}`, all)}`).join(""),
    );
    run(project, process.execPath, [...flags, "import.mjs"]);
    run(project, process.execPath, [...flags, "require.cjs"]);
  }

  const program = [
    'import { type ConnectionOptions, connect, type NatsConnection } from "myelin";',
    'import { tcpTransport } from "@myelin/transport-node";',
    ...names.map((name, i) => `import * as p${i} from "${name}";`),
    'const options: ConnectionOptions = { servers: ["nats://127.0.0.1:1222"], transports: [tcpTransport()] };',
    "export const nc: () => Promise<NatsConnection> = () => connect(options);",
    `export const all: readonly object[] = [${names.map((_, i) => `p${i}`).join(", ")}];`,
  ].join("\n");
  put("consumer.mts", program);
  put("consumer.cts", program);
  // With the declarations themselves checked, and no Node types but those the packages bring or do without.
  const flags = [
    "--noEmit",
    "--strict",
    "--module",
    "NodeNext",
    "--target",
    "ES2022",
    "--lib",
    "ES2023,ESNext.Disposable,DOM",
  ];
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  run(project, process.execPath, [
    join(root, "node_modules/@typescript/native/bin/tsc"),
    ...flags,
    ...types,
    "consumer.mts",
    "consumer.cts",
  ]);
}

// Everything that is declared must be there, and at least something.
function uses(name, variable, declared) {
  const missing = `const missing = ${JSON.stringify(declared)}.filter((one) => !(one in ${variable}));`;
  const told = `throw new Error("${name} declares and does not export: " + missing.join(" "))`;
  return `{ ${missing} if (missing.length > 0 || ${declared.length} === 0) ${told}; }\n`;
}

function archiveName({ name, version }) {
  return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}

function run(cwd, command, args, { env = process.env, onError = () => {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 300_000,
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    const shown = [basename(command), ...args.map((one) => basename(one))].join(" ");
    failures.push(`${shown}\n${error?.message ?? ""}${stdout}${stderr}`);
  }
  onError(stderr ?? "");
  return stdout ?? "";
}
