// How the page is built and served: from source, for browsers, without anything inline.

import { defaultClientConditions, defineConfig, type UserConfig } from "vite";
import { HEADERS, PAGE_POLICY } from "./src/content-security-policy.js";

const config: UserConfig = defineConfig({
  root: import.meta.dirname,
  base: "./",
  resolve: { conditions: ["@myelin/source", ...defaultClientConditions] },
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0, reportCompressedSize: false },
  preview: { host: "127.0.0.1", headers: HEADERS },
  plugins: [
    {
      name: "content-security-policy",
      apply: "build",
      transformIndexHtml: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "content-security-policy", content: PAGE_POLICY },
          injectTo: "head-prepend",
        },
      ],
    },
  ],
});
export default config;
