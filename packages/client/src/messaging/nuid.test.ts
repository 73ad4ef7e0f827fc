import { describe, expect, it } from "vitest";
import { createInbox } from "./inbox.js";
import { Nuid } from "./nuid.js";

describe("Nuid", () => {
  it("never repeats, has 22 characters, and keeps its prefix", () => {
    const nuid = new Nuid();
    const ids = Array.from({ length: 20_000 }, () => nuid.next());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z]{22}$/);
    expect(new Set(ids.map((id) => id.slice(0, 12))).size).toBe(1);
  });
});

describe("createInbox", () => {
  it("SEND-REPLYTO-2: is unique, prefixed, and refuses prefixes that are no subject", () => {
    expect(createInbox()).toMatch(/^_INBOX\.[0-9A-Za-z]{22}$/);
    expect(createInbox("_INBOX_team.a")).toMatch(/^_INBOX_team\.a\./);
    expect(createInbox()).not.toBe(createInbox());
    for (const prefix of ["", "a b", "a..b", "a.*", ">", "a\r\n"]) {
      expect(() => createInbox(prefix)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
  });
});
