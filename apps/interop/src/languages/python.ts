// nats-py: installed into a folder of its own, run by the Python of this machine.

import { join } from "node:path";
import { built, driverFolder, requireVersion, tool } from "./built.js";
import { type Language, MissingToolchainError } from "./language.js";

export const python: Language = {
  name: "nats-py",
  file: "python",
  // Headers are a dict of strings.
  traits: { severalValues: false, nameOrder: true, writesStatus: false, drainWaits: false, asksMany: true },
  async prepare(say) {
    const source = driverFolder("python");
    await requireVersion("python3", ["--version"], "3.9");
    const folder = await built("python", async (staging) => {
      await tool("python3", ["-m", "pip", "--version"]).catch(() => {
        throw new MissingToolchainError("python3 has no pip");
      });
      say("installing nats-py with pip");
      const requirements = join(source, "requirements.txt");
      const args = ["--quiet", "--no-deps", "--disable-pip-version-check", "--root-user-action=ignore"];
      await tool("python3", ["-m", "pip", "install", ...args, "--target", staging, "--requirement", requirements]);
    });
    return {
      command: "python3",
      args: [join(source, "driver.py")],
      env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
    };
  },
};
