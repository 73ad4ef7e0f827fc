import { defineConfig } from "tsup";
import shared from "../../tsup.config.js";

// Beside the W3C entry one for Node, which looks for `ws` and reads files.
export default defineConfig({ ...shared, entry: ["src/index.ts", "src/node.ts"], external: ["ws"] });
