import { describe, expect, it } from "vitest";
import { isNatsError } from "./errors.js";
import { requireSiblings, SiblingVersionError } from "./siblings.js";

function refusal(wanted: string, found: string | undefined): unknown {
  try {
    requireSiblings("@myelin/client", "0.4.0", [["@myelin/protocol", wanted, found]]);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("siblings", () => {
  it.each([
    ["1.2.3", "1.2.3"],
    ["1.2.3", "1.2.4"],
    ["1.2.3", "1.3.0"],
    ["0.4.0", "0.4.0"],
    ["0.4.0", "0.4.12"],
    ["0.4.0-next.1", "0.4.0"],
    ["0.4.0", "0.4.0-next.1"],
    ["0.0.0", "0.0.0"],
    ["9.9.9", "9.10.0"],
  ])("P27: made with %s, %s fits", (wanted, found) => {
    expect(refusal(wanted, found)).toBeUndefined();
  });

  it.each([
    ["1.2.3", "1.2.2"],
    ["1.2.3", "1.1.9"],
    ["1.2.3", "2.0.0"],
    ["1.2.3", "0.2.3"],
    ["0.4.0", "0.3.1"],
    ["0.4.0", "0.5.0"],
    ["0.4.2", "0.4.1"],
    ["0.4.0", "1.4.0"],
    ["0.0.3", "0.0.4"],
    ["0.0.0", "0.1.0"],
    ["0.4.0", undefined],
    ["0.4.0", ""],
    ["0.4.0", "latest"],
  ])("P27: made with %s, %s does not fit", (wanted, found) => {
    expect(refusal(wanted, found)).toBeInstanceOf(SiblingVersionError);
  });

  it("P27: one sentence names both, what would fit and what to do", () => {
    const error = refusal("0.4.0", "0.3.1");
    expect(isNatsError(error) && error.code).toBe("SIBLING_VERSION");
    expect(error).toMatchObject({
      message:
        '@myelin/client 0.4.0 needs @myelin/protocol ^0.4.0, found 0.3.1: install @myelin/protocol@^0.4.0 ("npm ls @myelin/protocol" shows what asks for another)',
      dependant: "@myelin/client 0.4.0",
      sibling: "@myelin/protocol",
      wanted: "0.4.0",
      found: "0.3.1",
    });
    expect(refusal("0.4.0", undefined)).toMatchObject({ message: expect.stringContaining("one without a version") });
  });

  it("P27: the first of several that does not fit is named", () => {
    expect(() =>
      requireSiblings("a", "1.0.0", [
        ["b", "1.0.0", "1.0.0"],
        ["c", "1.0.0", "2.0.0"],
      ]),
    ).toThrow("a 1.0.0 needs c ^1.0.0, found 2.0.0");
  });
});
