import { describe, expect, it } from "vitest";
import { parseOptions, UsageError } from "./options.js";

describe("the command line", () => {
  it("has defaults for everything, and a seed of its own", () => {
    expect(parseOptions([], 77)).toEqual({ seed: 77, seconds: 300, rate: 200, line: "newest", only: undefined });
  });

  it("takes what is given", () => {
    const argv = ["--minutes", "0.5", "--seed", "0", "--rate", "50", "--server", "oldest", "--only", "kill, freeze"];
    expect(parseOptions(argv, 1)).toEqual({ seed: 0, seconds: 30, rate: 50, line: "oldest", only: ["kill", "freeze"] });
  });

  it.each([
    [["--minutes", "x"], "--minutes"],
    [["--minutes", "0"], "--minutes"],
    [["--server", "old"], "--server"],
    [["--only", "earthquake"], "earthquake"],
    [["--sed", "1"], "sed"],
    [["now"], "now"],
  ])("refuses %j and says why", (argv, word) => {
    expect(() => parseOptions(argv, 1)).toThrow(UsageError);
    expect(() => parseOptions(argv, 1)).toThrow(word);
  });
});
