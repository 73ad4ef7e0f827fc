// What the projects of frameworks are played with, without a framework: that is `npm run consumers -- frameworks`.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { finished, ownEnvironment, serving } from "../src/frameworks/command.js";
import { refusalOf, UnavailableError } from "../src/frameworks/installed.js";
import { noneOfNode, unwarned } from "../src/frameworks/playing.js";
import { serveFolder } from "../src/frameworks/static-server.js";

const work = mkdtempSync(join(tmpdir(), "myelin-frameworks-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("what npm says", () => {
  it.each(["ENOTFOUND", "ECONNREFUSED", "ENOTCACHED", "E404", "E503"])(
    "%s means that it cannot be had here",
    (code) => {
      const error = refusalOf(`npm error code ${code}\nnpm error request to the registry failed\nnpm error more\n`);
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toBe(`npm could not get it: ${code}: request to the registry failed`);
    },
  );

  it.each(["EINTEGRITY", "EUSAGE", "ERESOLVE", "EBADENGINE"])("%s is a failure", (code) => {
    expect(refusalOf(`npm error code ${code}\nnpm error why\n`)).not.toBeInstanceOf(UnavailableError);
  });
});

describe("a command", () => {
  it("rejects with what it printed when it fails", async () => {
    const args = ["-e", 'console.log("one"); console.error("two"); process.exitCode = 3'];
    await expect(finished(args, { cwd: work })).rejects.toThrow(/one\ntwo|two\none/);
  });

  it("is not told of a NODE_ENV that a bundler left behind: npm would install no compiler", async () => {
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(ownEnvironment()["PATH"]).toBe(process.env["PATH"]);
    expect(await finished(["-p", "process.env.NODE_ENV"], { cwd: work })).toBe("undefined");
  });

  it("that serves is found by its line, and gone when it was stopped", async () => {
    const program = `
      const server = require("node:http").createServer((_, response) => response.end(process.env.SAYS));
      server.listen(0, "127.0.0.1", () => console.log("at http://127.0.0.1:" + server.address().port));`;
    const { found, stop } = await serving(["-e", program], /at (\S+)\n?$/, { cwd: work, env: { SAYS: "hello" } });
    expect(await (await fetch(found)).text()).toBe("hello");
    await stop();
    await expect(fetch(found)).rejects.toThrow();
  });

  it("that ends before it serves is told with what it printed", async () => {
    await expect(serving(["-e", 'console.log("no port")'], /at (\S+)/, { cwd: work })).rejects.toThrow("no port");
  });
});

it("a folder is served, and nothing beside it", async () => {
  const folder = join(work, "served");
  mkdirSync(folder);
  writeFileSync(join(folder, "index.html"), "<p>page</p>");
  writeFileSync(join(folder, "main.js"), "1;");
  writeFileSync(join(work, "secret"), "secret");
  const { found, stop } = await serveFolder(folder);
  const page = await fetch(`${found}/?servers=x`);
  expect([await page.text(), page.headers.get("content-type")]).toEqual(["<p>page</p>", "text/html; charset=utf-8"]);
  expect((await fetch(`${found}/main.js`)).headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  for (const path of ["/nothing", "/%2e%2e/secret", "/..%2fsecret"])
    expect((await fetch(found + path)).status).toBe(404);
  await stop();
});

it("P27: what a browser gets of a build is searched for what is of Node, and must be there", () => {
  const folder = join(work, "built");
  mkdirSync(join(folder, "chunks"), { recursive: true });
  expect(() => noneOfNode(folder)).toThrow("nothing was built");
  writeFileSync(join(folder, "chunks/a.js"), "a".repeat(2_000));
  expect(noneOfNode(folder)).toBe("2 kB");
  writeFileSync(join(folder, "chunks/b.js"), 'import "node:net";');
  expect(() => noneOfNode(folder)).toThrow(/"node:net" in chunks.b\.js/);
});

it("P27: a build that warns of our packages is none, but for the one warning that is known", () => {
  const known =
    "▲ [WARNING] Module '@nats-io/nkeys' used by 'node_modules/@myelin/credentials/dist/chunk-1.js' is not ESM\n\n  CommonJS can";
  expect(() => unwarned(known)).not.toThrow();
  expect(() => unwarned(`${known}\n${known.replaceAll("@nats-io/nkeys", "tweetnacl")}`)).toThrow("tweetnacl");
  expect(() => unwarned("⚠ Package ws can't be external\n  ./node_modules/@myelin/x/dist/node.js")).toThrow("ws");
  expect(() => unwarned("▲ [WARNING] something of its own")).not.toThrow();
  expect(() => unwarned("node_modules/myelin was built")).not.toThrow();
});
