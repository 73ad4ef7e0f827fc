import { expect, it } from "vitest";
import { checkedFirst, lateNames } from "./late-names.mjs";

it("P27: names of siblings are taken when a module is evaluated, line for line", () => {
  const code = ['import { a, b as c } from "@myelin/x";', "import {", "  d", "} from '@myelin/y-z';", "a(c, d);"].join(
    "\n",
  );
  expect(lateNames(code)).toBe(
    [
      'import * as $x from "@myelin/x"; const a = $x.a; const c = $x.b;',
      'import * as $y_z from "@myelin/y-z"; const d = $y_z.d;',
      "",
      "",
      "a(c, d);",
    ].join("\n"),
  );
});

it("P27: a name that is only handed on is taken as late, and once", () => {
  const code = ['import { a } from "@myelin/x";', 'export { a, b, b as c } from "@myelin/x";'].join("\n");
  expect(lateNames(code)).toBe(
    [
      'import * as $x from "@myelin/x"; const a = $x.a;',
      "export { a as a }; const $b = $x.b; export { $b as b }; export { $b as c };",
    ].join("\n"),
  );
});

it("P27: what is not of a sibling, and everything of one, stays as it is", () => {
  const code = ['import { a } from "node:fs";', 'export * from "@myelin/x";', 'import { b } from "./chunk.js";'].join(
    "\n",
  );
  expect(lateNames(code)).toBe(code);
});

it("P27: an entry evaluates the check before what else it imports", () => {
  expect(checkedFirst("export { a } from './b.js';\nimport './check.js';", "check.js")).toBe(
    `import "./check.js"; export { a } from './b.js';\nimport './check.js';`,
  );
  expect(checkedFirst("const a = 1;", "check.js")).toBe("const a = 1;");
});
