// nats.js: installed with the workspace, so that it is always there.

import { join } from "node:path";
import { driverFolder } from "./built.js";
import type { Language } from "./language.js";

export const natsJs: Language = {
  name: "nats.js",
  file: "nats-js",
  traits: { severalValues: true, nameOrder: true, writesStatus: true, drainWaits: true, asksMany: true },
  async prepare() {
    return { command: process.execPath, args: [join(driverFolder("nats-js"), "driver.mjs")] };
  },
};
