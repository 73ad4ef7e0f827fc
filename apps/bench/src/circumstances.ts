// Machine, runtime and versions, for the report. Nothing that names the machine or a folder of it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Circumstances } from "./result.js";

export function circumstances(command: string): Circumstances {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: processors[0]?.model.trim() ?? "unknown processor",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split("-")[0]}`,
    node: process.versions.node,
    load: loadavg()[0] ?? 0,
    versions: {
      "nats.js": versionOf("@nats-io/transport-node"),
      "nats-core": versionOf("@nats-io/nats-core"),
      myelin: versionOf("myelin/package.json"),
    },
    command,
  };
}

// Some packages do not export their package.json: look for it above the module.
function versionOf(specifier: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(specifier));
  for (;;) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string };
      if (version !== undefined) return version;
    } catch {
      // Not here: higher up.
    }
    const parent = dirname(folder);
    if (parent === folder) return "unknown";
    folder = parent;
  }
}
