import { expect, it } from "vitest";
import { folderOf, sourcePages } from "./source-pages.js";

const from = (text: string, path = "docs/guides/a.md") => sourcePages([{ path, text }]);

it("makes a page of a program, a licence and a folder that a document links to, each once", () => {
  const pages = from(
    "[a](../../apps/site/src/main.ts#L3) [b](../../LICENSE) [c](../../apps/site/src) [d](../../LICENSE)",
  );
  expect(pages.map(({ path }) => path)).toEqual(["apps/site/src/main.ts", "LICENSE", "apps/site/src"]);
  expect(pages[0]?.text).toMatch(/^````ts\n/);
  expect(pages[1]?.text).toMatch(/^````text\n/);
  expect(pages[2]?.text).toContain("- `main.ts`");
});

it("leaves out links to elsewhere, to places on the same page, to other documents, and those in code", () => {
  const documents = [
    {
      path: "docs/a.md",
      text: "[a](https://nats.io) [b](#place) [c](b.md) [d](../apps/demo) `[e](f)`\n```ts\n[g](h)\n```\n",
    },
    { path: "docs/b.md", text: "" },
    { path: "apps/demo/README.md", text: "" },
  ];
  expect(sourcePages(documents)).toEqual([]);
});

it("throws for a link that leads nowhere, and says from where", () => {
  expect(() => from("[a](gone.md)")).toThrow('docs/guides/a.md: "gone.md" leads nowhere');
});

it("takes a README for its folder", () => {
  expect(folderOf("apps/demo/README.md")).toBe("apps/demo");
  expect(folderOf("docs/a.md")).toBe("docs/a.md");
});
