// How a built package takes names from its siblings: from the namespace, when it is evaluated. A name that a sibling of another version
// does not have would else be a SyntaxError while modules are linked, before any module could say what is wrong (ECMA-262,
// InitializeEnvironment). So that version.ts speaks first, `import { a } from "@myelin/x"` becomes `import * as x from "@myelin/x"; const a = x.a`,
// from which bundlers still leave out what is not used. CommonJS looks names up late by itself.

import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

const NAMED = /^(import|export) \{([^}]*)\} from ["'](@myelin\/[^"']+)["'];?/gm;

/** The same ES module with late names, line for line, so that source maps still fit. */
export function lateNames(code) {
  const spaces = new Set();
  const locals = new Map();
  return code.replace(NAMED, (statement, kind, list, sibling) => {
    const space = `$${sibling.replace("@myelin/", "").replace(/\W/g, "_")}`;
    const late = spaces.has(space) ? [] : [`import * as ${space} from "${sibling}";`];
    spaces.add(space);
    for (const one of list.split(",")) {
      const [name, local = name] = one.trim().split(/\s+as\s+/);
      if (name === "") continue;
      const path = `${space}.${name}`;
      const known = locals.get(path);
      if (kind === "export")
        late.push(
          known === undefined ? `const $${local} = ${path};` : "",
          `export { ${known ?? `$${local}`} as ${local} };`,
        );
      else late.push(`const ${local} = ${path};`);
      locals.set(path, known ?? (kind === "export" ? `$${local}` : local));
    }
    return late.filter((part) => part !== "").join(" ") + "\n".repeat(statement.split("\n").length - 1);
  });
}

/** An entry that evaluates the file with the check of siblings first: rollup puts what entries share in an order of its own. */
export function checkedFirst(code, checkFile) {
  return code.includes(`"./${checkFile}"`) || code.includes(`'./${checkFile}'`)
    ? `import "./${checkFile}"; ${code}`
    : code;
}

/** For tsup, on the ES modules it wrote. */
export const lateNamesPlugin = {
  name: "late-names",
  buildEnd({ writtenFiles }) {
    const modules = writtenFiles.filter(({ name }) => name.endsWith(".js"));
    const texts = new Map(modules.map(({ name }) => [name, lateNames(readFileSync(name, "utf8"))]));
    const check = modules.find(({ name }) => /^requireSiblings\(/m.test(texts.get(name)));
    for (const [name, text] of texts) {
      writeFileSync(name, check === undefined ? text : checkedFirst(text, basename(check.name)));
    }
  },
};
