// What the README says an option takes is what it takes: no more, no less, and no option is left out.

import { readFileSync } from "node:fs";
import { memoryNetwork, VirtualClock } from "@myelin/testing";
import { expect, it } from "vitest";
import type { LightOptions } from "../src/index.js";
import { resolveOptions } from "../src/options.js";

const README = readFileSync(`${import.meta.dirname}/../README.md`, "utf8");
const { transport } = memoryNetwork({ clock: new VirtualClock() });

/** Of each rule, in its words: what fits it, and what does not. */
const RULES: { readonly [rule: string]: readonly [fits: readonly unknown[], not: readonly unknown[]] } = {
  "a string": [
    ["", "s"],
    [1, true, {}, null],
  ],
  "a string with commas, or a list of strings": [
    ["a", "a,b", ["a", "b"]],
    [1, [1], {}, null],
  ],
  "a subject without wildcards": [
    ["a", "a.b"],
    ["", "a b", "a.*", ">", 1, null],
  ],
  "`true` or `false`": [
    [true, false],
    ["yes", 0, null],
  ],
  '`"fail"` or `"retry"`': [
    ["fail", "retry"],
    ["", "background", 1, null],
  ],
  '`"drop-new"`': [["drop-new"], ["", "drop-old", 1, null]],
  "milliseconds, more than 0": [
    [0.5, 1],
    [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1", null],
  ],
  "milliseconds, 0 or more": [
    [0, 0.5],
    [-1, Number.NaN, Number.POSITIVE_INFINITY, "1", null],
  ],
  "a whole number, 1 or more": [
    [1, 2],
    [0, 1.5, -1, Number.POSITIVE_INFINITY, "1", null],
  ],
  "a whole number, 0 or more": [
    [0, 1],
    [-1, 0.5, "1", null],
  ],
  "a whole number, -1 is no limit": [
    [-1, 0, 1],
    [-2, 0.5, "1", null],
  ],
  "a function": [[() => ({})], [{}, "f", null]],
  "an object": [[{}], ["o", 1, null]],
  "an `AbortSignal`": [[new AbortController().signal], [{}, "s", null]],
  "a list of transports": [
    [[], [transport]],
    [[{}], {}, "ws", null],
  ],
};

/** Names of the table, by rule. */
const table = [...README.matchAll(/^\| (.*?) +\| (`.*?) *\|$/gm)]
  .filter(([, rule = ""]) => rule in RULES)
  .map(([, rule = "", cell = ""]) => {
    const names = [...(cell.split(";")[0] ?? "").matchAll(/`([\w.]+)`/g)].map(([, name = ""]) => name);
    return [rule, names] as const;
  });

function resolved(name: string, value: unknown): unknown {
  const [outer = "", inner] = name.split(".");
  // A password without a user is refused for another reason.
  const beside = outer === "pass" ? { user: "u" } : {};
  return resolveOptions({ ...beside, [outer]: inner === undefined ? value : { [inner]: value } } as LightOptions);
}

it.each(table)("%s: so say %o", (rule, names) => {
  const [fits, not] = RULES[rule] ?? [[], []];
  for (const name of names) {
    for (const value of fits) expect(() => resolved(name, value), `${name} ${String(value)}`).not.toThrow();
    for (const value of not) {
      const message = `${name}: cannot be such a ${typeof value}; see README`;
      expect(() => resolved(name, value), `${name} ${String(value)}`).toThrow(message);
    }
  }
});

it("every rule and every option is in the table", () => {
  expect(table.map(([rule]) => rule)).toEqual(Object.keys(RULES));
  const paragraph = /^Options: [\s\S]*?\n\n/m.exec(README)?.[0].split("What they mean")[0] ?? "";
  const inBrackets = /`(\w+)`\s+\(([^)]*)\)/g;
  const nested = [...paragraph.matchAll(inBrackets)].flatMap(([, outer, inner = ""]) =>
    [...inner.matchAll(/`(\w+)`/g)].map(([, name]) => `${outer}.${name}`),
  );
  const plain = [...paragraph.replace(/\([^)]*\)/g, "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
  expect(plain.length).toBeGreaterThan(20);
  const named = table.flatMap(([, names]) => names).filter((name) => name !== "pending.overflow");
  expect(named.sort()).toEqual([...plain, ...nested].sort());
});
