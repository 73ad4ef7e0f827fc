import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDeb822, parseOneLine, readAptMirrors } from "./apt-sources.js";

describe("apt sources", () => {
  it("reads one-line entries, without comments, options, source packages and other protocols", () => {
    const text = `
# deb http://commented.test/debian sid main
deb http://a.test/debian/ bookworm main contrib # the usual one
deb-src http://a.test/debian bookworm main
deb [arch=amd64 signed-by=/keys/b.gpg] https://b.test/debian trixie main
deb cdrom:[disc] bookworm main
deb http://flat.test/repository ./
deb http://c.test/debian bookworm contrib
`;
    expect(parseOneLine(text)).toEqual([
      { uri: "http://a.test/debian", keyring: undefined },
      { uri: "https://b.test/debian", keyring: "/keys/b.gpg" },
    ]);
  });

  it("reads deb822 stanzas, without disabled ones, and with several URIs and continued lines", () => {
    const text = `Types: deb deb-src
# a comment within
URIs: http://a.test/debian http://b.test/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /keys/a.gpg

Types: deb
Enabled: no
URIs: http://off.test/debian
Suites: sid
Components: main

Types: deb
URIs: http://inline.test/debian
Suites: sid
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
`;
    expect(parseDeb822(text)).toEqual([
      { uri: "http://a.test/debian", keyring: "/keys/a.gpg" },
      { uri: "http://b.test/debian", keyring: "/keys/a.gpg" },
      { uri: "http://inline.test/debian", keyring: undefined },
    ]);
  });

  it("gathers both formats once each, without security archives and files apt ignores; none where there is no apt", () => {
    const directory = mkdtempSync(join(tmpdir(), "myelin-apt-"));
    const parts = join(directory, "sources.list.d");
    mkdirSync(parts);
    writeFileSync(join(directory, "sources.list"), "deb http://a.test/debian sid main\n");
    writeFileSync(
      join(parts, "a.sources"),
      "Types: deb\nURIs: http://a.test/debian http://b.test/debian-security\nSuites: x\nComponents: main\n",
    );
    writeFileSync(join(parts, "b.list"), "deb http://b.test/debian sid main\n");
    writeFileSync(join(parts, "c.list.disabled"), "deb http://c.test/debian sid main\n");
    expect(readAptMirrors(directory).map(({ uri }) => uri)).toEqual(["http://a.test/debian", "http://b.test/debian"]);
    rmSync(directory, { recursive: true });
    expect(readAptMirrors(directory)).toEqual([]);
  });
});
