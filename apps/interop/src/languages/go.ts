// nats.go: one binary, built with the Go of this machine.

import { join } from "node:path";
import { built, driverFolder, requireVersion, tool } from "./built.js";
import type { Language } from "./language.js";

export const go: Language = {
  name: "nats.go",
  file: "go",
  // A header is a Go map.
  traits: { severalValues: true, nameOrder: false, writesStatus: false, drainWaits: true, asksMany: true },
  async prepare(say) {
    const folder = await built("go", async (staging) => {
      await requireVersion("go", ["version"], "1.26");
      say("building the driver with go build");
      // GOTOOLCHAIN=local: this machine's Go, not another one downloaded for the occasion.
      const env = { GOTOOLCHAIN: "local", CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" };
      await tool("go", ["build", "-trimpath", "-o", join(staging, "driver"), "."], { cwd: driverFolder("go"), env });
    });
    return { command: join(folder, "driver"), args: [] };
  },
};
