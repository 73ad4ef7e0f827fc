// What the check of a built site finds: each kind of fault is planted in a small site.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { checkSite } from "./check-links.js";

function siteOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "myelin-site-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const problemsOf = (files: Readonly<Record<string, string>>): readonly string[] => checkSite(siteOf(files)).problems;

it("takes links to pages and places that are there, and to elsewhere", () => {
  const report = checkSite(
    siteOf({
      "index.html":
        '<a href="guides/one.html#here">1</a> <a href="#top">2</a> <a href="https://nats.io">3</a><p id="top">',
      "guides/one.html": '<h2 class="x" id="here"></h2><a href="../index.html?q=1">back</a>',
    }),
  );
  expect(report).toEqual({ pages: 2, links: 3, problems: [] });
});

it("finds a link to a page that is not there, to a folder, or outside of the site", () => {
  const files = { "one/page.html": '<a href="../#here">1</a>', "index.html": '<p id="here">' };
  expect(problemsOf(files)).toEqual(["one/page.html: ../#here leads nowhere"]);
  expect(problemsOf({ "index.html": '<a href="gone.html">1</a>' })).toEqual(["index.html: gone.html leads nowhere"]);
  expect(problemsOf({ "index.html": '<a class="a" href="../..">1</a>' })).toEqual(["index.html: ../.. leads nowhere"]);
});

it("finds a link to a place that is not on its page", () => {
  const files = { "index.html": '<a href="one.html#gone">1</a>', "one.html": '<p id="here">' };
  expect(problemsOf(files)).toEqual(["index.html: one.html#gone leads to no place on that page"]);
});

it("finds what a page would fetch from elsewhere, and what it would fetch in vain", () => {
  const problems = problemsOf({
    "index.html":
      '<script src="https://cdn.example/x.js"></script><link rel="stylesheet" href="no.css"><img src="//a/b.png">',
    "style.css": '@import "https://fonts.example/css";',
  });
  expect(problems).toEqual([
    "index.html: <script> fetches https://cdn.example/x.js from elsewhere",
    "index.html: <link> fetches no.css, which is not there",
    "index.html: <img> fetches //a/b.png from elsewhere",
    "style.css: fetches https://fonts.example/css from elsewhere",
  ]);
});
