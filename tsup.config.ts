// How every package is built; each package names this file in its own tsup.config.ts.
import { defineConfig } from "tsup";
import { lateNamesPlugin } from "./scripts/late-names.mjs";

export default defineConfig({
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  sourcemap: true,
  clean: true,
  target: "node20",
  treeshake: true,
  // Frozen tables are left out of a bundle that does not use them.
  pure: ["Object.freeze"],
  // What is Node's own says so: no package of that name can take its place, and whoever looks for it in a bundle finds it.
  removeNodeProtocol: false,
  plugins: [lateNamesPlugin],
});
