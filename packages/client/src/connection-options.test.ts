import { readFileSync } from "node:fs";
import { InvalidArgumentError, type TlsOptions } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { type ConnectionOptions, defaults, resolveOptions } from "./connection-options.js";
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
    [() => ({}), "require"],
  ] as const)("SEC-TLS-2: tls %j means %s", (tls, mode) => {
    expect(resolveOptions({ tls }).tlsMode).toBe(mode);
  });

  it("P31: a tls function is kept as it is, for the transport to ask; an object is copied once", () => {
    const tls = (): TlsOptions => ({});
    expect(resolveOptions({ tls }).tls).toBe(tls);
    expect(resolveOptions({ tls: { key: tls as never } }).tls).toEqual({ key: tls });
    expect(resolveOptions({ tls: true }).tls).toBeUndefined();
  });

  it.each(["ca.pem", 1, [], [{}]])("a tls option that is neither is refused: %j", (tls) => {
    expect(() => resolveOptions({ tls: tls as never })).toThrow(InvalidArgumentError);
    expect(() => resolveOptions({ tls: tls as never })).toThrow(/^tls: must be an object/);
  });

  it("RECONN-WAIT-3: reconnectJitterTLS counts for every tls that demands TLS", () => {
    const failure = { kind: "lost", error: new Error("lost"), at: 0 } as const;
    const wait = (tls: ConnectionOptions["tls"]): number => {
      const options = { reconnectTimeWait: 100, reconnectJitter: 0, reconnectJitterTLS: 50, tls };
      return resolveOptions(options).backoff.delay(1, failure, () => 0.5);
    };
    expect([undefined, null, false].map(wait)).toEqual([100, 100, 100]);
    expect([true, {}, () => ({})].map(wait)).toEqual([125, 125, 125]);
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
