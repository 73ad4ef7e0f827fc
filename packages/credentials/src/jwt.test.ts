import { describe, expect, it } from "vitest";
import { expiryOf } from "./jwt.js";

const jwt = (claims: unknown): string =>
  `e30.${btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(claims))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")}.sig`;

describe("expiryOf", () => {
  it("reads exp, in milliseconds, whatever else the claims hold", () => {
    expect(expiryOf(jwt({ exp: 1_900_000_000, name: "Zürich?>~" }))).toBe(1_900_000_000_000);
  });

  it.each([
    ["no exp", jwt({})],
    ["exp 0, as for a token that never ends", jwt({ exp: 0 })],
    ["exp that is no number", jwt({ exp: "tomorrow" })],
    ["claims that are no object", jwt(null)],
    ["claims that are no JSON", "e30.%%%.x"],
    ["no claims", "text"],
  ])("knows no end for %s", (_, token) => {
    expect(expiryOf(token)).toBeUndefined();
  });
});
