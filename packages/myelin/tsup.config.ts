import { defineConfig } from "tsup";
import shared from "../../tsup.config.js";

// Beside the entry for Node, Deno and Bun one for browsers.
export default defineConfig({ ...shared, entry: ["src/index.ts", "src/browser.ts"] });
