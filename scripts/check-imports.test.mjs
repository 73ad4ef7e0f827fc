import { describe, expect, it } from "vitest";
import { problemsOf } from "./check-imports.mjs";

const client = (text) => problemsOf("packages/client/src/link.ts", text);

describe("the import check", () => {
  it("lets a layer import the layers below it and its own files", () => {
    expect(client('import { Decoder } from "@myelin/protocol";\nimport "./errors.js";')).toEqual([]);
    expect(problemsOf("packages/transport-node/src/dial.ts", 'import net from "node:net";')).toEqual([]);
  });

  it("refuses a layer above or beside, in every form an import has", () => {
    for (const text of [
      'import { tcpTransport } from "@myelin/transport-node";',
      'export * from "@myelin/transport-node";',
      'import type { Lookup } from "@myelin/transport-node";',
      'type T = import("@myelin/transport-node").Lookup;',
      'const x = await import("@myelin/transport-node");',
    ]) {
      expect(client(text), text).toEqual([expect.stringContaining('client may not import "@myelin/transport-node"')]);
    }
  });

  it("refuses the test kit in what ships", () => {
    expect(client('import { VirtualClock } from "@myelin/testing";')).toHaveLength(1);
  });

  it("refuses node: where a browser must run it", () => {
    expect(client('\nimport net from "node:net";')).toEqual([
      'packages/client/src/link.ts:2: client runs in a browser, no "node:net"',
    ]);
  });

  it("refuses a path out of the package and a specifier it cannot read", () => {
    expect(client('import "../../protocol/src/decoder.js";')).toHaveLength(1);
    expect(client("await import(name);")).toHaveLength(1);
  });

  it("asks for a row for a package it does not know", () => {
    expect(problemsOf("packages/new/src/index.ts", "")).toEqual([expect.stringContaining("has no row")]);
  });
});
