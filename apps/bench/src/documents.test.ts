import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { documents, withBlock } from "./documents.js";
import { scenarios } from "./scenarios/index.js";

const TEXT = "before\n<!-- bench:begin: written by a command -->\nold\n<!-- bench:end -->\nafter $& \n";

it("only the block between the marks is replaced, and replacing it again changes nothing more", () => {
  const written = withBlock(TEXT, "new $& 1");
  expect(written).toBe(TEXT.replace("old\n", () => "new $& 1\n"));
  expect(withBlock(written, "new $& 1")).toBe(written);
});

it("a README without marks is an error, not a README without figures", () => {
  expect(() => withBlock("nothing here", "new")).toThrow("no bench:begin");
});

it("docs/performance.md and the README have the figures of the kept results, and no others (npm run bench -- report)", () => {
  for (const { file, text } of documents(scenarios.map(({ name }) => name))) {
    expect(readFileSync(file, "utf8")).toBe(text);
  }
});
