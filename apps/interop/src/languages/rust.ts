// async-nats: one binary, built with the cargo of this machine.

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { built, cacheOf, driverFolder, requireVersion, tool } from "./built.js";
import type { Language } from "./language.js";

export const rust: Language = {
  name: "async-nats",
  file: "rust",
  // A header map is a HashMap.
  traits: { severalValues: true, nameOrder: false, writesStatus: false, drainWaits: false, asksMany: true },
  async prepare(say) {
    const folder = await built("rust", async (staging) => {
      await requireVersion("cargo", ["--version"], "1.89");
      say("building the driver with cargo build, which takes a minute or two the first time");
      const env = { CARGO_TARGET_DIR: join(cacheOf("rust"), "target") };
      await tool("cargo", ["build", "--locked", "--quiet"], { cwd: driverFolder("rust"), env });
      await copyFile(join(env.CARGO_TARGET_DIR, "debug", "interop-driver"), join(staging, "driver"));
    });
    return { command: join(folder, "driver"), args: [] };
  },
};
