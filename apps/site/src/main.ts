// `npm run site`: the documents and the API reference as a static site in apps/site/dist. Fails, and says why, when a public name has no
// docstring, a link leads nowhere, or a page would fetch something from elsewhere.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { siteApplication } from "./api-reference.js";
import { checkSite } from "./check-links.js";
import { undocumented } from "./undocumented.js";

const out = join(import.meta.dirname, "../dist");

const app = await siteApplication();
const project = await app.convert();
if (project === undefined) throw new Error("the packages could not be read; see above");
const nameless = undocumented(project);
for (const name of nameless) console.error(`no docstring: ${name}`);
app.validate(project);
await app.generateDocs(project, out);

const { pages, links, problems } = checkSite(out);
for (const problem of problems) console.error(problem);
const warnings = app.logger.errorCount + app.logger.warningCount;
console.log(
  `${pages} pages, ${links} links; ${nameless.length} names without a docstring, ${problems.length} broken links, ${warnings} warnings`,
);
if (nameless.length + problems.length + warnings > 0) process.exitCode = 1;
else console.log(`Open ${pathToFileURL(join(out, "index.html")).href}`);
