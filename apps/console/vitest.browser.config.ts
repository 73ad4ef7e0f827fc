// For `npm run console:check`: the outages of the page that take long, and all in a Firefox. The workspace's own configuration runs *.test.ts
// only. Two files at once: much of each is waiting.

import { defaultServerConditions } from "vite";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions: ["@myelin/source", ...defaultServerConditions] } },
  test: { include: ["test/*.browser.ts"], maxWorkers: 2, testTimeout: 150_000, hookTimeout: 60_000 },
});
export default config;
