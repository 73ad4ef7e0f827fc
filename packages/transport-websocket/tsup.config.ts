import { defineConfig } from "tsup";
import shared from "../../tsup.config.js";

// Beside the W3C entry one for browsers, where `ws` cannot be, and one for Node, which looks for it and reads files.
export default defineConfig({ ...shared, entry: ["src/index.ts", "src/browser.ts", "src/node.ts"], external: ["ws"] });
