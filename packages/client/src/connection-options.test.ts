import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaults, resolveOptions } from "./connection-options.js";
import { VERSION } from "./version.js";

describe("resolveOptions", () => {
  it("fills in every default and neither keeps nor changes the caller's object", () => {
    const options = Object.freeze({ tls: Object.freeze({ ca: "pem" }) });
    const resolved = resolveOptions(options);
    expect(resolved).toMatchObject({
      timeout: defaults.timeout,
      firstConnect: "fail",
      maxReconnectAttempts: -1,
      reconnectBufferSize: 8 * 1024 * 1024,
      tlsMode: "require",
    });
    expect(resolved.tls).not.toBe(options.tls);
  });

  it.each([
    [undefined, "follow"],
    [null, "never"],
    [false, "never"],
    [true, "require"],
    [{}, "require"],
  ] as const)("SEC-TLS-2: tls %j means %s", (tls, mode) => {
    expect(resolveOptions({ tls }).tlsMode).toBe(mode);
  });

  it("keeps 0 as a value", () => {
    expect(resolveOptions({ reconnectJitter: 0, reconnectBufferSize: 0 })).toMatchObject({
      firstAttemptJitter: 0,
      reconnectBufferSize: 0,
    });
  });

  it("every @default in the documentation of the options is the default", () => {
    const text = readFileSync(new URL("./connection-options.ts", import.meta.url), "utf8");
    const documented = [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\?/g)].flatMap(
      ([, comment = "", name = ""]) => {
        const [, value = "", unit = "1"] = /Default (\d[\d ]*?) ?(MiB|GiB)?(?=[.;,]| \()/.exec(comment) ?? [];
        const factor = { MiB: 2 ** 20, GiB: 2 ** 30 }[unit] ?? 1;
        return value === "" ? [] : [[name, Number(value.replaceAll(" ", "")) * factor] as const];
      },
    );
    expect(documented.length).toBeGreaterThan(4);
    for (const [name, value] of documented) {
      if (Object.hasOwn(defaults, String(name))) expect([name, defaults[name as never]]).toEqual([name, value]);
    }
  });

  it("VERSION is that of the package", () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(VERSION).toBe(version);
  });
});
