// The names a package's declarations promise at run time, for packages installed in a project: what a program compiled against them
// takes to be there. Reads declarations only; nothing is loaded.

import { join } from "node:path";
import ts from "typescript";

/**
 * Names of the values each package declares, by package.
 *
 * @param project folder the packages are installed in
 * @param conditions of `exports`, beside those of Node, such as `browser`
 */
export function declaredNames(project, packages, conditions = []) {
  const file = join(project, "declared-names.mts");
  const options = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
    types: [],
    customConditions: conditions,
  };
  const host = ts.createCompilerHost(options);
  const text = packages.map((name, i) => `import * as p${i} from "${name}";\n`).join("");
  const { fileExists, readFile } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.readFile = (path) => (path === file ? text : readFile(path));
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) =>
    path === file
      ? ts.createSourceFile(path, text, { languageVersion: options.target, impliedNodeFormat: ts.ModuleKind.ESNext })
      : getSourceFile(path, ...rest);
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const imports = program.getSourceFile(file).statements.filter(ts.isImportDeclaration);
  return new Map(imports.map(({ moduleSpecifier }) => [moduleSpecifier.text, valuesOf(checker, moduleSpecifier)]));
}

function valuesOf(checker, specifier) {
  const module = checker.getSymbolAtLocation(specifier);
  if (module === undefined) throw new Error(`${specifier.text} has no declarations`);
  return checker.getExportsOfModule(module).flatMap((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    // A name that is exported as a type alone, of a class too, is none at run time.
    const typeOnly = symbol.declarations?.some(
      (one) => ts.isExportSpecifier(one) && ts.isTypeOnlyExportDeclaration(one),
    );
    return target.flags & ts.SymbolFlags.Value && !typeOnly ? [symbol.name] : [];
  });
}
