import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { InvalidArgumentError, type TlsOptions } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { simulate } from "../test/simulated.js";
import { connect } from "./connect.js";
import type { ConnectionOptions } from "./connection-options.js";
import { defaults, resolveOptions } from "./resolved-options.js";

describe("resolveOptions", () => {
  it("fills in every default and neither keeps nor changes the caller's object", () => {
    const options = Object.freeze({ tls: Object.freeze({ ca: "pem" }) });
    const resolved = resolveOptions(options);
    expect(resolved).toMatchObject({
      timeout: defaults.timeout,
      firstConnect: "fail",
      firstConnectRefused: "reject",
      maxReconnectAttempts: -1,
      reconnectBuffer: { bytes: 8 * 1024 * 1024, messages: Number.POSITIVE_INFINITY, overflow: "error" },
      rebalance: false,
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
      reconnectBuffer: { bytes: 0 },
    });
    expect(resolveOptions({ reconnectBufferSize: -1 }).reconnectBuffer.bytes).toBe(0);
    expect(() => resolveOptions({ reconnectBufferSize: 1, reconnectBuffer: {} })).toThrow("reconnectBufferSize");
    expect(() => resolveOptions({ reconnectBuffer: { overflow: "pause" as never } })).toThrow(
      "reconnectBuffer.overflow",
    );
  });

  it("judges what an object has of its class or of its prototype like what it has itself", () => {
    class Settings {
      get timeout(): number {
        return "5s" as never;
      }
    }
    expect(() => resolveOptions(new Settings())).toThrow("timeout: must be a number, not a string");
    expect(() => resolveOptions(Object.create({ name: 5 }))).toThrow("name: must be a string, not a number");
    const hidden = Object.defineProperty({}, "name", { value: 5 });
    expect(() => resolveOptions(hidden)).toThrow("name: must be a string, not a number");
  });

  // One value of every kind; each option takes some of them and must refuse all others.
  const values: { readonly [kind: string]: unknown } = {
    text: "text",
    number: 5,
    boolean: true,
    function: () => {},
    null: null,
    object: {},
    array: [5],
    symbol: Symbol("text"),
    bigint: 5n,
  };
  const takes: { readonly [name in keyof Required<ConnectionOptions>]: readonly string[] } = {
    servers: ["text", "array"], // what is in it is judged by the pool, before anything is dialled too
    resolveServers: ["function"],
    port: ["number"],
    name: ["text"],
    transports: [],
    timeout: ["number"],
    deadline: ["number"],
    signal: [],
    firstConnect: [],
    firstConnectRefused: [],
    waitOnFirstConnect: ["boolean"],
    noRandomize: ["boolean"],
    strategy: [],
    rebalance: ["boolean", "object"],
    reconnectToServer: ["function"],
    resolve: ["boolean"],
    dialPlan: ["object"],
    lameDuck: [],
    refreshBefore: ["number"],
    gossip: ["text", "function"], // which words, is judged by the pool
    ignoreClusterUpdates: ["boolean"],
    reconnect: ["boolean"],
    maxReconnectAttempts: ["number"],
    reconnectTimeWait: ["number"],
    reconnectJitter: ["number"],
    reconnectJitterTLS: ["number"],
    reconnectDelayHandler: ["function"],
    ignoreAuthErrorAbort: ["boolean"],
    whileDisconnected: [],
    reconnectBufferSize: ["number"],
    reconnectBuffer: ["object"],
    maxBufferedBytes: ["number"],
    pingInterval: ["number"],
    maxPingOut: ["number"],
    user: ["text"],
    pass: ["text"],
    token: ["text"],
    authenticator: ["function"],
    tls: ["boolean", "null", "object", "function"],
    noEcho: ["boolean"],
    verbose: ["boolean"],
    pedantic: ["boolean"],
    noAsyncTraces: ["boolean"],
    publishTraces: ["boolean"],
    debug: ["boolean"],
    log: [], // a function alone is not enough, for it would be bundled for everybody
    inboxPrefix: ["text"],
    pending: ["object"],
    drainTimeout: ["number"],
  };

  it.each(Object.entries(takes))(
    "P9: %s takes %j, and says by name what it takes instead of anything else",
    (name, kinds) => {
      for (const [kind, value] of Object.entries(values)) {
        const options = { ...(name === "pass" ? { user: "ann" } : {}), [name]: value } as ConnectionOptions;
        if (kinds.includes(kind)) expect(() => resolveOptions(options), kind).not.toThrow();
        else expect(() => resolveOptions(options), kind).toThrow(new RegExp(`^${name}: must be `));
      }
    },
  );

  it.each<[argument: string, options: unknown]>([
    ["transports", { transports: [{ schemes: ["nats"] }] }],
    ["transports", { transports: [{ schemes: [], connect: () => {} }] }],
    ["transports", { transports: [{ schemes: "nats", connect: () => {} }] }],
    ["authenticator", { authenticator: [() => {}, "text"] }],
    ["signal", { signal: { aborted: false } }],
    ["strategy", { strategy: { rank: "first" } }],
    ["tls.caFile", { tls: { caFile: 5 } }],
    ["tls.ca", { tls: { ca: ["pem", 5] } }],
    ["tls.rejectUnauthorized", { tls: { rejectUnauthorized: "false" } }],
    ["tls.handshakeFirst", { tls: { handshakeFirst: 1 } }],
    ["pending.message", { pending: { message: 5 } }],
    ["pending.messages", { pending: { messages: "5" } }],
    ["pending.overflow", { pending: { overflow: 5 } }],
    ["options", null],
    ["options", "nats://127.0.0.1"],
    ["options", []],
  ])("P9: what is inside an option is checked too: %s", (argument, options) => {
    expect(() => resolveOptions(options as ConnectionOptions)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", argument }),
    );
  });

  it("says what a credential must be, and never what it is", () => {
    for (const name of ["user", "pass", "token"]) {
      const options = { user: "ann", [name]: { toString: () => "canary", canary: "canary" } } as unknown;
      let error: unknown;
      try {
        resolveOptions(options as ConnectionOptions);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ argument: name });
      expect(inspect(error)).not.toContain("canary");
    }
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
});

describe("connect", () => {
  it("CONN-SPECIFIC-1: takes one URL, or a list with commas, in place of options", async () => {
    const { clock, network, serve } = simulate();
    serve("a");
    serve("b");
    const runtime = { transports: [network.transport], clock };
    const one = await clock.until(connect("nats://a:4222", runtime));
    const list = await clock.until(connect("b, b:4222", runtime));
    expect([one.getServer(), list.getServer()]).toEqual(["a:4222", "b:4222"]);
    await expect(connect("", runtime)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
