// From the packages and the documents to TypeDoc's model of both: one program over all packages, so that every type links to where
// it is declared, with each package's README as its front page.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Application,
  type CommentDisplayPart,
  Converter,
  DeclarationReflection,
  DocumentReflection,
  LogLevel,
  MinimalSourceFile,
  normalizePath,
  PageEvent,
  type ProjectReflection,
  ReflectionKind,
} from "typedoc";
import { GROUPS, PACKAGES, type Page, pages, root, SHOWN } from "./pages.js";
import { folderOf, sourcePages } from "./source-pages.js";

const here = join(import.meta.dirname, "..");

/** An application that knows all packages and documents; `convert()` reads them. */
export async function siteApplication(): Promise<Application> {
  const app = await Application.bootstrap({
    name: "Myelin",
    tsconfig: join(here, "tsconfig.api.json"),
    entryPoints: PACKAGES.map((name) => join(root, "packages", name, "src/index.ts")),
    readme: join(root, "README.md"),
    // The check of the types is a step of its own.
    skipErrorChecking: true,
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    excludeInternal: true,
    includeVersion: false,
    hideGenerator: true,
    logLevel: LogLevel.Warn,
    validation: { invalidLink: true, invalidPath: true, rewrittenLink: true, notExported: false, notDocumented: false },
    sort: ["kind", "alphabetical-ignoring-documents"],
    sortEntryPoints: false,
    kindSortOrder: ["Document", "Function", "Class", "Interface", "TypeAlias", "Variable", "Reference", "Module"],
    groupOrder: [...GROUPS, "Functions", "Classes", "Interfaces", "Type Aliases", "Variables", "*"],
    searchInDocuments: true,
    searchInComments: true,
    searchGroupBoosts: { Guides: 3, Functions: 1.5, Classes: 1.5 },
    navigation: { includeCategories: false, includeGroups: true, includeFolders: false, compactFolders: false },
    headings: { readme: false, document: true },
    // The modules of this project are its packages.
    locales: { en: { kind_module: "Package", kind_plural_module: "Packages" } },
    highlightLanguages: ["ts", "js", "json", "sh", "text", "ini", "go", "rust", "python"],
    customCss: join(here, "src/site.css"),
    favicon: join(here, "src/favicon.svg"),
    cleanOutputDir: true,
    githubPages: false,
  });
  const documents = pages();
  const readmes = PACKAGES.map((name) => `packages/${name}/README.md`);
  app.converter.on(Converter.EVENT_BEGIN, ({ project }) => {
    const linking = ["README.md", ...readmes].map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
    const sources = sourcePages([...linking, ...documents]);
    for (const page of [...documents, ...sources]) addDocument(app, project, page);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const modules = project.getChildrenByKind(ReflectionKind.Module);
    for (const [index, name] of PACKAGES.entries()) {
      const module = modules[index];
      if (module !== undefined) nameModule(app, project, module, name);
    }
    const order = SHOWN.map((name) => modules[PACKAGES.indexOf(name)]).filter((module) => module !== undefined);
    project.children = order;
    project.childrenIncludingDocuments = [...(project.documents ?? []), ...order];
    for (const maker of project.getReflectionsByKind(ReflectionKind.Constructor)) {
      if (maker instanceof DeclarationReflection && takesWhatIsNotExported(maker)) project.removeReflection(maker);
    }
  });
  // A folder stands for its index.html on a server only; the site is also read as files.
  app.renderer.on(PageEvent.END, (page) => {
    const { contents = "" } = page;
    page.contents = contents.replace(/ href="((?:\.\.?\/)+)(#[^"]*)?"/g, ' href="$1index.html$2"');
  });
  return app;
}

function addDocument(app: Application, project: ProjectReflection, { path, title, group, text }: Page): void {
  const document = new DocumentReflection(title, project, parsed(app, project, path, text), { group });
  project.addChild(document);
  project.registerReflection(document, undefined, normalizePath(join(root, path)));
  project.files.registerReflectionPath(normalizePath(join(root, folderOf(path))), document);
}

/** Its name, its group and its README, to which links lead from elsewhere. */
function nameModule(app: Application, project: ProjectReflection, module: DeclarationReflection, name: string): void {
  const path = `packages/${name}/README.md`;
  module.name = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).name;
  const text = readFileSync(join(root, path), "utf8").replace(/^# .*\n/, "");
  module.readme = [...parsed(app, project, path, text)];
  for (const at of [path, folderOf(path)]) project.files.registerReflectionPath(normalizePath(join(root, at)), module);
}

function parsed(app: Application, project: ProjectReflection, path: string, text: string): CommentDisplayPart[] {
  const file = new MinimalSourceFile(text, normalizePath(join(root, path)));
  return app.converter.parseRawComment(file, project.files).content;
}

/** Such objects are made by the library, never with `new` by who reads this. */
function takesWhatIsNotExported({ signatures = [] }: DeclarationReflection): boolean {
  const types = signatures.flatMap(({ parameters = [] }) => parameters.map(({ type }) => type));
  return types.some((type) => {
    let isMissing = false;
    type?.visit({
      reference(to) {
        isMissing ||= to.package?.startsWith("@myelin/") === true && to.reflection === undefined;
      },
    });
    return isMissing;
  });
}
