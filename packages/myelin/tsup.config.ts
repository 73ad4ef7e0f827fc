import { defineConfig } from "tsup";
import shared from "../../tsup.config.js";

// Beside the entry for Node, Deno and Bun one for browsers, each a file of its own: from one they share, bundlers would leave out
// version.ts, of which nothing else is used.
export default defineConfig({ ...shared, entry: ["src/index.ts", "src/browser.ts"], splitting: false });
