// What a browser gets: bundled as an application would, from the entries that the `browser` condition chooses.

import { expect, it } from "vitest";
import bounds from "./bundle-bounds.json" with { type: "json" };
import { bundle, PROGRAMS, weight } from "./bundles.js";

it("P47, P51: nothing of Node reaches a browser bundle, and what is not used stays out", async () => {
  const { atOnce } = await bundle(PROGRAMS.core);
  const text = atOnce.map((file) => file.text).join("\n");
  const inputs = atOnce.flatMap((file) => file.inputs).join("\n");
  expect(text).not.toMatch(/["'`]node:|require\(/);
  // The one word is a look at globalThis for a fast path; no polyfill and no bare global.
  expect(text.replaceAll(/globalThis(\.|\[["'`])Buffer/g, "")).not.toMatch(/\bBuffer\b/);
  expect(text).not.toMatch(/\bprocess\./);
  expect(inputs).not.toMatch(/transport-node|node-runtime|node_modules|packages\/credentials/);
  // The object of all error classes, which nobody asked for.
  expect(text).not.toMatch(/DrainingConnectionError/);
  // What only `ws` has, channels nobody can hear, a log nobody asked for, and strategies nobody named.
  expect(inputs).not.toMatch(/ws-|\/tls\.ts|\/log(-lines)?\.ts|diagnostics|zones|latency|ordered-with-failback/);
});

it("P51: a browser program weighs no more than it did; of it a .creds is little, and the library of keys is loaded where it is needed", async () => {
  const [core, creds] = await Promise.all([bundle(PROGRAMS.core), bundle(PROGRAMS.creds, { splitting: true })]);
  // The bar is 15 000, which the least a connection needs is above; these keep it from growing unseen. See README, "Size".
  expect(weight(core.atOnce)).toBeLessThan(bounds.core);
  expect(weight(creds.atOnce)).toBeLessThan(bounds.creds);
  expect(creds.atOnce.flatMap(({ inputs }) => inputs).join("\n")).not.toMatch(/nkeys|nacl/);
  expect(creds.later.flatMap(({ inputs }) => inputs).join("\n")).toMatch(/nacl/);
});

it.each([
  ["headers", "headers()"],
  ["tokenAuthenticator", 'tokenAuthenticator("t")'],
  ["parseCreds", 'parseCreds("")'],
  ["isNatsError", "isNatsError(undefined)"],
])("P51: %s alone brings no more than itself", async (name, use) => {
  const { atOnce } = await bundle(`import { ${name} } from "myelin"; globalThis.used = ${use};`);
  expect(weight(atOnce)).toBeLessThan(2_000);
});

it("P51: importing for nothing brings nothing", async () => {
  const { atOnce } = await bundle('import "myelin";');
  expect(
    atOnce
      .map(({ text }) => text)
      .join("")
      .trim(),
  ).toBe("");
});
