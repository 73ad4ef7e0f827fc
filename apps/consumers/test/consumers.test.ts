// What others do with the packages, the quick part: one bundler, and what no bundler is needed for. The whole of it is `npm run consumers`.

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RealServer } from "@myelin/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { layOut, type Packed } from "../src/archives.js";
import { type Cell, table } from "../src/cell.js";
import { bundled } from "../src/matrix.js";
import { refused } from "../src/mismatched.js";
import { sideBySide } from "../src/two-versions.js";
import { fromSource } from "./from-source.js";

const work = realpathSync(mkdtempSync(join(tmpdir(), "myelin-consumers-")));
let packed: Packed[] = [];
let server: RealServer;

beforeAll(async () => {
  [packed, server] = await Promise.all([fromSource(work), RealServer.start({ websocket: true })]);
});
afterAll(async () => {
  await server.stop();
  rmSync(work, { recursive: true, force: true });
});

it("P27: a program in either module system, bundled for Node and for browsers, runs", async () => {
  const doors = { tcp: server.url, websocket: server.websocketUrl };
  const cells = await bundled(layOut(join(work, "project"), packed), doors, "that is npm run consumers", ["esbuild"]);
  expect(complaints(cells)).toBe("");
  expect(cells.filter(({ verdict }) => verdict === "ok")).toHaveLength(16);
});

it("P27: a sibling that does not fit is refused by the import with one sentence, also when it lacks a name, and in a bundle", async () => {
  const cells = await refused(work, packed, ["esbuild"]);
  expect(cells).toHaveLength(16);
  expect(complaints(cells)).toBe("");
});

it("P27: two versions in one process, imported or required, lose one server and come back without disturbing each other", async () => {
  const cells = await sideBySide(work, packed, server);
  expect(cells).toHaveLength(2);
  expect(complaints(cells)).toBe("");
});

function complaints(cells: readonly Cell[]): string {
  const failed = cells.filter(({ verdict }) => verdict === "failed");
  return failed.length === 0 ? "" : table("failed", failed);
}
