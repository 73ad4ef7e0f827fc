// What a page loads: bundled as an application would, with the check of siblings, which is part of a built package.

import { expect, it } from "vitest";
import { bundle, PROGRAMS, weight } from "../../myelin/test/bundles.js";
import bounds from "./bundle-bounds.json" with { type: "json" };

const from = import.meta.dirname;
const program = `${PROGRAMS.core.replace('{ connect } from "myelin"', '{ connect, version } from "@myelin/light"')}; globalThis.version = version;`;

it("P51: a page that connects, publishes, subscribes and asks loads less than 15 000 bytes", async () => {
  const { atOnce, later } = await bundle(program, { from });
  expect(program).toContain("@myelin/light");
  // The margin is for other bundlers.
  expect(bounds.core).toBeLessThan(15_000);
  expect(weight(atOnce)).toBeLessThan(bounds.core);
  expect(weight(atOnce)).toBeGreaterThan(10_000);
  expect(later).toEqual([]);
});

it("P47, P51: nothing of Node and of the other packages is in it", async () => {
  const { atOnce } = await bundle(program, { from });
  const text = atOnce.map((file) => file.text).join("\n");
  const inputs = atOnce.flatMap((file) => file.inputs).join("\n");
  expect(text).not.toMatch(/["'`]node:|require\(|\bBuffer\b|\bprocess\./);
  expect(inputs).not.toMatch(/node_modules|packages\/(protocol|client|server-pool|transport|credentials|myelin\/src)/);
});

it("P51: headers alone bring no more than themselves, and importing for nothing brings nothing", async () => {
  const used = await bundle('import { headers } from "@myelin/light"; globalThis.used = headers();', { from });
  expect(weight(used.atOnce)).toBeLessThan(1_000);
  const nothing = await bundle('import "@myelin/light";', { from });
  expect(nothing.atOnce.map(({ text }) => text.trim()).join("")).toBe("");
});
