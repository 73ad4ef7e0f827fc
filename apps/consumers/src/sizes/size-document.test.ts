import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROGRAMS } from "../../../../packages/myelin/test/bundles.js";
import { lightInBrowsers } from "../shaking.js";
import { inLight, inPeer, type PageSizes, peerVersion } from "./page-sizes.js";
import { FEATURES, REST } from "./parts.js";
import { DOCUMENTS, type DocumentName, render, renderLight, staleness as stalenessOf } from "./size-document.js";

const NAME = "packages/myelin/README.md";
const textOf = (name: string): string => readFileSync(new URL(`../../../../${name}`, import.meta.url), "utf8");
const bundler = { core: 50_000, creds: 52_000, later: 15_000 };
const sizes: PageSizes = {
  bundlers: { esbuild: bundler, vite: bundler, rollup: bundler, webpack: bundler },
  brotli: 42_000,
  light: { esbuild: 14_000, vite: 14_000, rollup: 14_000, webpack: 14_000, brotli: 13_000 },
  alone: ["headers", "parseCreds", "tokenAuthenticator"].map((name) => ({ name, esbuild: 300, rollup: 200 })),
  peer: { version: peerVersion(), core: 40_000, creds: 41_000 },
  parts: new Map([...FEATURES, ...REST].map((part) => [part, 1_000])),
  withoutFeatures: 40_000,
  sentences: 5_000,
  check: 700,
};
const document = (some: PageSizes): string => `before\n<!-- size:begin -->\n${render(some)}<!-- size:end -->\nafter`;
const staleness = (some: PageSizes, text: string): string | undefined => stalenessOf(some, text, NAME);
const grown = (core: number): PageSizes => ({ ...sizes, bundlers: { ...sizes.bundlers, vite: { ...bundler, core } } });

describe("the document of sizes", () => {
  it("P51: is stale when a figure is off by more than half a kB", () => {
    expect(staleness(sizes, document(sizes))).toBeUndefined();
    expect(staleness(grown(50_500), document(sizes))).toBeUndefined();
    expect(staleness({ ...sizes, brotli: 42_400, check: 1_100 }, document(sizes))).toBeUndefined();
    expect(staleness(grown(50_700), document(sizes))).toMatch(/50\.0 is 50\.7 kB; npm run size:docs/);
    expect(staleness(grown(49_300), document(sizes))).toMatch(/50\.0 is 49\.3 kB/);
  });

  it("P51: is stale when it names another version or another part, or has no block", () => {
    const other = { ...sizes, peer: { ...sizes.peer, version: "3.9.1" } };
    expect(staleness(other, document(sizes))).toMatch("other words");
    expect(staleness({ ...sizes, parts: new Map() }, document(sizes))).toMatch("other words");
    expect(staleness(sizes, "nothing")).toMatch("other words");
  });

  it.each(Object.keys(DOCUMENTS) as DocumentName[])(
    "P51: %s has it in the words of today, whatever its figures",
    (name) => {
      expect(stalenessOf(sizes, textOf(name), name) ?? "").not.toMatch("other words");
    },
  );

  it("P51: of the smaller client has its sizes beside those of the full one", () => {
    const text = `<!-- size:begin -->\n${renderLight(sizes)}<!-- size:end -->`;
    expect(text).toMatch(/webpack +\| +14\.0 \| +50\.0/);
    expect(stalenessOf(sizes, text, "packages/light/README.md")).toBeUndefined();
    const larger = { ...sizes, light: { ...sizes.light, webpack: 14_900 } };
    expect(stalenessOf(larger, text, "packages/light/README.md")).toMatch("light/README.md is stale: 14.0 is 14.9 kB");
  });
});

it("P51: each bundler that makes more than 15 000 bytes of the smaller client is a failure with its name", async () => {
  const cells = await lightInBrowsers({ ...sizes, light: { ...sizes.light, vite: 15_000, webpack: 15_001 } });
  expect(cells.map(({ column, verdict }) => `${column} ${verdict}`)).toEqual([
    "esbuild ok",
    "vite ok",
    "rollup ok",
    "webpack failed",
  ]);
});

it("P51: the program of the smaller client is the same with another import", () => {
  expect(inLight(PROGRAMS.core)).toBe(PROGRAMS.core.replace("myelin", "@myelin/light"));
});

it("P51: the program of the peer makes the same calls", () => {
  const core = inPeer(PROGRAMS.core);
  expect(core).toContain('import { wsconnect as connect } from "@nats-io/nats-core";');
  expect(inPeer(PROGRAMS.creds)).toMatch(
    /wsconnect as connect, credsAuthenticator \}[\s\S]*credsAuthenticator\(new TextEncoder/,
  );
  const calls = (text: string): string => text.slice(text.indexOf("nc.subscribe"));
  expect(calls(core)).toBe(calls(PROGRAMS.core));
});
