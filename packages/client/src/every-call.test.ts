// Every public call under every fault at every moment, in virtual time (P6), and user code that misbehaves everywhere it may (P9,
// D13). The table is in test/escape; a public name without a row fails here.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { internal } from "../test/escape/calls.js";
import { happenings, moments, playCase } from "../test/escape/every-case.js";
import { type Entry, entries, tables } from "../test/escape/table.js";
import { hostileOptions } from "../test/escape/user-code.js";
import type { ConnectionOptions } from "./index.js";
import * as client from "./index.js";

// Consoles call it, of which inspection.test.ts is.
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

// From the prototypes, so that also what the types do not show is found.
function membersOf(type: { readonly prototype: object }): (string | symbol)[] {
  const names: (string | symbol)[] = [];
  for (let one = type.prototype; one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    names.push(...Reflect.ownKeys(one).filter((name) => name !== "constructor" && name !== INSPECT));
  }
  return names;
}

describe("the table of public calls", () => {
  it.each([
    ["NatsConnection", client.NatsConnection],
    ["Msg", client.Msg],
  ] as const)("P6: has a row for every member of %s", (name, type) => {
    expect(membersOf(type).filter((member) => !Object.hasOwn(tables[name] ?? {}, member))).toEqual([]);
  });

  it("P6: has a row for every function that takes or makes something of a connection", () => {
    // Of these none touches a connection, a promise of ours or a timer that somebody else holds.
    const plain = ["backoff", "canonicalMIMEHeaderKey", "createInbox", "deadline", "deferred", "delay"].concat([
      "diagnosticsOn",
      "hasWsProtocol",
      "headers",
      "logTo",
      "millis",
      "nanos",
      "systemClock",
      "systemRandom",
    ]);
    const functions = Object.entries(client).filter(
      ([, one]) => typeof one === "function" && !/^class /.test(`${one}`),
    );
    expect(
      functions
        .map(([name]) => name)
        .filter((name) => !plain.includes(name))
        .sort(),
    ).toEqual(Object.keys(tables["myelin"] ?? {}).sort());
  });

  it("P6: names only errors that README has", () => {
    const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
    const documented = new Set([...readme.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name));
    const named = new Set(entries.flatMap(({ row }) => row.fails.map((type) => type.name)));
    expect([...named].filter((name) => !documented.has(name) && name !== "SyntaxError")).toEqual([]);
  });
});

/** Every call of these under every fault at every moment: what went wrong. With `step`, only every so many of them. */
async function problemsOf(calls: readonly Entry[], step = 1, options?: () => ConnectionOptions): Promise<string[]> {
  const problems: string[] = [];
  let salt = 0;
  for (const entry of calls) {
    for (const happening of happenings) {
      for (const moment of moments) {
        salt++;
        if (salt % step !== 0) continue;
        const found = await playCase(entry, happening, moment, salt, options?.());
        problems.push(...found.map((problem) => `${entry.name}, ${happening} ${moment}: ${problem}`));
      }
    }
  }
  return problems;
}

// Far more than it takes: the machine may be busy.
const PATIENCE = 120_000;
const rowOf = ({ name }: Entry): string => name.replace(/ #\d+$/, "");
const rowNames = (some: (entry: Entry) => boolean): string[] => [...new Set(entries.filter(some).map(rowOf))];
const isUserCode = ({ name }: Entry): boolean => name.startsWith("user code.");
// What only reads is called all together.
const reads = ({ row }: Entry): boolean => row.fails.length === 0 && row.ends !== true;

describe("every call under every fault", () => {
  it.each(rowNames((entry) => !isUserCode(entry) && !reads(entry)))(
    "P6: %s ends as it should, whatever happens and when",
    async (name) => expect(await problemsOf(entries.filter((entry) => rowOf(entry) === name))).toEqual([]),
    PATIENCE,
  );

  it("P6: whatever only reads ends as it should, whatever happens and when", async () => {
    const readers = entries.filter((entry) => !isUserCode(entry) && reads(entry));
    const call: Entry["call"] = (scene) => readers.flatMap((entry) => entry.call(scene));
    expect(readers.length).toBeGreaterThan(30);
    expect(await problemsOf([{ name: "all that reads", row: internal, call }])).toEqual([]);
  });

  // A step that has no divisor with the number of faults and moments in common: over the calls of a row all pairs come up.
  it.each(rowNames(isUserCode))(
    "P6, P9, D13: %s, and everything ends as it should, whatever happens and when",
    async (name) =>
      expect(
        await problemsOf(
          entries.filter((entry) => rowOf(entry) === name),
          5,
        ),
      ).toEqual([]),
    PATIENCE,
  );
});

describe("a connection whose options are user code that misbehaves", () => {
  const flush = entries.filter(({ name }) => name === "NatsConnection.flush #1");

  it.each(Object.keys(hostileOptions))(
    "P9, D13: %s, and every fault ends as it should",
    async (name) => expect(await problemsOf(flush, 1, hostileOptions[name])).toEqual([]),
    PATIENCE,
  );
});
