import { expect, it } from "vitest";
import { withBlock } from "./documents.js";

const TEXT = "before\n<!-- bench:begin: written by a command -->\nold\n<!-- bench:end -->\nafter $& \n";

it("only the block between the marks is replaced, and replacing it again changes nothing more", () => {
  const written = withBlock(TEXT, "new $& 1");
  expect(written).toBe(TEXT.replace("old\n", () => "new $& 1\n"));
  expect(withBlock(written, "new $& 1")).toBe(written);
});

it("a README without marks is an error, not a README without figures", () => {
  expect(() => withBlock("nothing here", "new")).toThrow("no bench:begin");
});
