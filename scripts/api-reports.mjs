// Compares the public API of each built package with the report in its etc/ folder; `--write` accepts the changes.
// Needs a build, which `npm run api` makes first. The reports are what a reviewer reads to see that an API changed.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { packages } from "./packages.mjs";

const write = process.argv.includes("--write");
let changed = 0;
let unsteady = 0;
for (const { folder, manifest } of packages) {
  const reportFolder = join(folder, "etc");
  const reportFileName = `${manifest.name.replace(/^@.*\//, "")}.api.md`;
  if (write) mkdirSync(reportFolder, { recursive: true });
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, "package.json"),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, "dist/index.d.ts"),
      // Not the workspace's own tsconfig: its source condition would lead into the siblings' sources.
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "ES2022",
            module: "NodeNext",
            moduleResolution: "NodeNext",
            lib: ["ES2023", "ESNext.Disposable"],
            strict: true,
            skipLibCheck: true,
            types: ["node"],
          },
          include: ["dist/**/*.d.ts"],
        },
      },
      apiReport: { enabled: true, reportFolder, reportTempFolder: join(folder, "node_modules/.api"), reportFileName },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: "error" } },
        extractorMessageReporting: {
          default: { logLevel: "warning", addToApiReportFile: true },
          // Neither release tags nor TSDoc's stricter syntax are conventions here.
          "ae-missing-release-tag": { logLevel: "none" },
          "ae-undocumented": { logLevel: "none" },
          "ae-unresolved-link": { logLevel: "none" },
        },
        tsdocMessageReporting: { default: { logLevel: "none" } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: write,
    messageCallback: (message) => {
      if (message.messageId === "console-api-report-not-copied" || message.messageId === "console-preamble")
        message.handled = true;
      if (message.messageId === "console-compiler-version-notice") message.handled = true;
    },
  });
  const missing = !existsSync(join(reportFolder, reportFileName));
  // A line number of the built file in the report: any change of the package would then change its report.
  const place = missing
    ? null
    : /^\/\/ dist\/\S+:\d+:\d+ - .*$/m.exec(readFileSync(join(reportFolder, reportFileName), "utf8"));
  if (place !== null) {
    unsteady++;
    console.log(`${manifest.name}: etc/${reportFileName} holds a place in a built file: ${place[0].slice(3)}`);
  }
  if (result.succeeded && !missing) continue;
  changed++;
  console.log(
    `${manifest.name}: the public API is not the one in etc/${reportFileName}; if that is wanted, npm run api:write`,
  );
}
console.log(`${packages.length} API reports, ${changed} differ`);
if (changed + unsteady > 0) process.exitCode = 1;
