import { inspect } from "node:util";
import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { defaults, parseServerUrl } from "./index.js";

// text, href, key
const FORMS: readonly (readonly [string, string, string])[] = [
  ["nats://h:1", "nats://h:1", "h:1"],
  ["tls://h:1", "tls://h:1", "h:1"],
  ["h:1", "nats://h:1", "h:1"],
  ["h", "nats://h:4222", "h:4222"],
  ["nats://Demo.NATS.io/", "nats://demo.nats.io:4222", "demo.nats.io:4222"],
  ["NATS://h:1", "nats://h:1", "h:1"],
  ["  h:1 ", "nats://h:1", "h:1"],
  ["127.0.0.1", "nats://127.0.0.1:4222", "127.0.0.1:4222"],
  ["[::1]:1", "nats://[::1]:1", "[::1]:1"],
  ["nats://[::1]:4222", "nats://[::1]:4222", "[::1]:4222"],
  ["[::1]", "nats://[::1]:4222", "[::1]:4222"],
  ["::1", "nats://[::1]:4222", "[::1]:4222"],
  ["0:0:0:0:0:0:0:1", "nats://[::1]:4222", "[::1]:4222"],
  ["[FE80::1%eth0]:1", "nats://[fe80::1%eth0]:1", "[fe80::1%eth0]:1"],
  ["[::ffff:10.1.2.255]:1", "nats://10.1.2.255:1", "10.1.2.255:1"],
  ["ws://h", "ws://h:80", "h:80/"],
  ["wss://h", "wss://h:443", "h:443/"],
  ["wss://h/", "wss://h:443", "h:443/"],
  ["wss://h:8443/nats/edge", "wss://h:8443/nats/edge", "h:8443/nats/edge"],
  ["unix:///run/nats.sock", "unix:///run/nats.sock", "unix:/run/nats.sock"],
  ["unix:///run/a%20b@c.sock", "unix:///run/a%20b@c.sock", "unix:/run/a b@c.sock"],
  ["under_score.svc-1:1", "nats://under_score.svc-1:1", "under_score.svc-1:1"],
];

describe("parseServerUrl", () => {
  for (const [text, href, key] of FORMS) {
    it(`SEED-3, CONN-SPECIFIC-1…4: reads ${JSON.stringify(text)} as ${href}`, () => {
      const url = parseServerUrl(text);
      expect([url.href, url.key]).toEqual([href, key]);
      expect(parseServerUrl(url.href)).toMatchObject({ href, key });
    });
  }

  it("gives the parts plain: no brackets, no colon, 0 and empty for a unix socket", () => {
    expect(parseServerUrl("wss://[2001:DB8::1]/p")).toMatchObject({
      scheme: "wss",
      hostname: "2001:db8::1",
      port: 443,
      path: "/p",
      explicitScheme: true,
    });
    expect(parseServerUrl("h:1")).toMatchObject({ scheme: "nats", explicitScheme: false });
    expect(parseServerUrl("unix:///s")).toMatchObject({ hostname: "", port: 0, path: "/s" });
  });

  const credentials: readonly (readonly [string, string | undefined, string | undefined, string | undefined])[] = [
    ["nats://h", undefined, undefined, undefined],
    ["nats://u:p@h", "u", "p", undefined],
    ["u:p@h:1", "u", "p", undefined],
    ["nats://u:@h", "u", "", undefined],
    ["nats://a%40b:c%3A%2F%25@h", "a@b", "c:/%", undefined],
    ["nats://u:p:q@h", "u", "p:q", undefined],
    ["nats://u:p/a@b@h", "u", "p/a@b", undefined],
    ["nats://tok@h", undefined, undefined, "tok"],
    ["nats://:tok@h", undefined, undefined, "tok"],
    ["nats://!$%&@h", undefined, undefined, "!$%&"],
    ["nats://%ff@h", undefined, undefined, "%ff"],
    ["nats://@h", undefined, undefined, undefined],
    ["wss://u:p@h/a@b", "u", "p", undefined],
    ["unix://u:p@/run/s", "u", "p", undefined],
  ];
  for (const [text, user, pass, token] of credentials) {
    it(`SEC-USERPASS-2, SEC-TOKEN-2: takes the credentials out of ${text}`, () => {
      const url = parseServerUrl(text);
      expect([url.user, url.pass, url.token]).toEqual([user, pass, token]);
      expect(url.hostname).toBe(text.startsWith("unix") ? "" : "h");
    });
  }

  it("never shows credentials in href, key, JSON or enumeration, and cannot be changed", () => {
    const url = parseServerUrl("nats://user:hunter2@h");
    const shown = [JSON.stringify(url), JSON.stringify({ ...url }), url.href, url.key, String(Object.entries(url))];
    expect(shown.join()).not.toMatch(/hunter2|user/);
    expect(url.pass).toBe("hunter2");
    expect(Object.isFrozen(url)).toBe(true);
  });

  it("P53: a query is kept for dialling and for telling servers apart, and shown by its names only", () => {
    const url = parseServerUrl("wss://h:8443/nats?token=s3cret&x=@1&s3cret&y=s3cret=s3cret?&");
    expect(url.href).toBe("wss://h:8443/nats?token=***&x=***&***&y=***&");
    expect([url.path, url.key]).toEqual(["/nats?token=s3cret&x=@1&s3cret&y=s3cret=s3cret?&", `h:8443${url.path}`]);
    expect(parseServerUrl("ws://h?s3cret").href).toBe("ws://h:80?***");
    const shown = [JSON.stringify(url), JSON.stringify({ ...url }), String(Object.entries(url)), inspect(url, true)];
    expect(shown.join()).not.toContain("s3cret");
    expect(parseServerUrl("unix:///run/a?b=c.sock").href).toBe("unix:///run/a?b=c.sock");
  });

  it("P26: labels are data on the address: in no key, no href, and sent nowhere", () => {
    const url = parseServerUrl("nats://h:1#zone=eu%2Dwest&tier=1&note=a=b");
    expect(url.labels).toEqual({ zone: "eu-west", tier: "1", note: "a=b" });
    expect([url.href, url.key, url.path]).toEqual(["nats://h:1", "h:1", ""]);
    expect(Object.isFrozen(url.labels)).toBe(true);
    expect(parseServerUrl("h#zone=eu").labels).toEqual({ zone: "eu" });
    expect(parseServerUrl("ws://h/path?x=1#zone=eu")).toMatchObject({ path: "/path?x=1", labels: { zone: "eu" } });
    expect(parseServerUrl("nats://user:pa#ss@h/#zone=eu")).toMatchObject({ pass: "pa#ss", labels: { zone: "eu" } });
    expect(parseServerUrl("unix:///run/a#b.sock")).toMatchObject({ path: "/run/a#b.sock", labels: {} });
    expect(parseServerUrl("h").labels).toEqual({});
  });

  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /empty/],
    ["h:0", /1 to 65535/],
    ["h:65536", /1 to 65535/],
    ["h:abc", /1 to 65535/],
    ["h:", /1 to 65535/],
    ["h:+1", /1 to 65535/],
    ["nats://", /host is missing/],
    [":4222", /host is missing/],
    ["a b", /white space/],
    ["nats://h\u0000:1", /white space and control/],
    ["h\r\nPUB", /white space and control/],
    ["http://h", /unknown scheme "http"; known are nats, tls, ws, wss, unix/],
    ["nats://h/path", /only ws:\/\/ and wss:\/\//],
    ["ws://h/#x", /fragment/],
    ["nats://h#zone", /fragment.*#zone=eu/],
    ["nats://h#=eu", /fragment/],
    ["nats://h#", /fragment/],
    ["nats://h#zone=eu&", /fragment/],
    ["[::1", /closing bracket/],
    ["[::1]4222", /only a port/],
    ["[::g]", /IPv6/],
    ["1:2:3", /IPv6/],
    ["[::1%]", /IPv6/],
    ["999.1.1.1", /IPv4/],
    ["4222", /IPv4/],
    ["a..b", /not a host name/],
    ["h<", /not a host name/],
    ["unix://host/path", /three slashes/],
    ["unix:///", /path of the unix socket is missing/],
  ];
  for (const [text, message] of bad) {
    it(`CONN-SPECIFIC-4: refuses ${JSON.stringify(text)} with the reason`, () => {
      expect(() => parseServerUrl(text)).toThrow(InvalidArgumentError);
      expect(() => parseServerUrl(text)).toThrow(message);
    });
  }

  for (const text of [
    "nats://user:s3cret@h:abc",
    "nats://s3cret@h:0",
    "foo://user:s3cret@h",
    "ws://user:s3cret/x@h",
    "nats://user:s3cret@",
    "nats://user:s3 cret@h",
    "s3cret@h:1:2",
    "nats://user:s3?cret@h:0",
    "wss://h:0/p?token=s3cret",
    "wss://h:0?s3cret",
    "wss://h:0/p?mail=a@s3cret#zone=eu",
    "nats://h?token=s3cret",
  ]) {
    it(`keeps the secret of ${text} out of the error`, () => {
      expect(() => parseServerUrl(text)).toThrow(InvalidArgumentError);
      expect(() => parseServerUrl(text)).not.toThrow(/s3|user/);
    });
  }

  it("takes the known schemes and the default one from the caller", () => {
    expect(parseServerUrl("h", { schemes: ["ws", "wss"] }).href).toBe("wss://h:443");
    expect(parseServerUrl("h", { defaultScheme: "tls" }).href).toBe("tls://h:4222");
    expect(parseServerUrl("mem://broker/x", { schemes: ["mem"] }).href).toBe("mem://broker:4222/x");
    expect(() => parseServerUrl("nats://h", { schemes: ["ws", "wss"] })).toThrow(/known are ws, wss/);
  });

  it("refuses what is not a string", () => {
    expect(() => parseServerUrl(4222 as unknown as string)).toThrow(InvalidArgumentError);
  });

  it("has frozen defaults", () => {
    expect(Object.isFrozen(defaults) && Object.isFrozen(defaults.schemes)).toBe(true);
  });
});
