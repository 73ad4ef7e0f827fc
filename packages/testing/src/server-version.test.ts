import { describe, expect, it } from "vitest";
import { compareVersions, isOfLine, parseVersion } from "./server-version.js";

describe("versions of nats-server", () => {
  it("are ordered by their numbers, not by their text", () => {
    const versions = ["2.10.0", "2.9.25", "3.0.0", "2.15.1-dev", "2.9.3"];
    expect(versions.sort(compareVersions)).toEqual(["2.9.3", "2.9.25", "2.10.0", "2.15.1-dev", "3.0.0"]);
  });

  it("belong to the oldest line, the newest, or neither", () => {
    const lines = (version: string): string =>
      ["oldest", "newest"].filter((w) => isOfLine(version, w as "oldest")).join();
    expect(["2.8.4", "2.9.0", "2.10.29", "2.11.0", "2.12.0", "2.99.0", "3.0.0"].map(lines)).toEqual([
      "",
      "oldest",
      "oldest",
      "",
      "newest",
      "newest",
      "",
    ]);
  });

  it("are read from what the binary prints, and not from what another program prints", () => {
    expect(parseVersion("nats-server: v2.15.1\n")).toBe("2.15.1");
    expect(parseVersion("nats-server: 2.10.0-beta.1")).toBe("2.10.0-beta.1");
    expect(parseVersion("gnatsd 1.4")).toBeUndefined();
  });
});
