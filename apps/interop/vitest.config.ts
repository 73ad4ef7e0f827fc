// For `npm run interop`: everyone. The workspace's own configuration runs *.test.ts only, which need nothing but npm.

import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions: ["@myelin/source", ...defaultServerConditions] } },
  test: {
    include: ["test/nats-js.test.ts", "test/*.interop.ts"],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
