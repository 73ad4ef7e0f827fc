import { defineConfig } from "tsup";
import shared from "../../tsup.config.js";

// A file for each of the source: what needs the library of keys is then in files a bundler can leave out as a whole. It must not
// leave out half a file, for nobody knows what a library in CommonJS does when it is loaded.
export default defineConfig({ ...shared, entry: ["src/*.ts", "!src/*.test.ts"] });
