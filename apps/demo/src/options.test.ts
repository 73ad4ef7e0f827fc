import { describe, expect, it } from "vitest";
import { parseOptions, UsageError } from "./options.js";
import { acts } from "./scenario.js";

describe("the command line", () => {
  it("has a default for everything", () => {
    expect(parseOptions([])).toEqual({
      rate: 1000,
      acts,
      secondsPerAct: 3,
      plain: false,
      real: false,
      standIn: false,
      server: undefined,
    });
  });

  it("takes no stand-in together with real servers", () => {
    expect(parseOptions(["--stand-in"])).toMatchObject({ standIn: true });
    expect(() => parseOptions(["--stand-in", "--real"])).toThrow(UsageError);
    expect(() => parseOptions(["--stand-in", "--server", "/x"])).toThrow("no real servers");
  });

  it("takes every flag", () => {
    const line = [
      "--rate",
      "50",
      "--acts",
      "kill, restart",
      "--seconds-per-act=0.5",
      "--plain",
      "--real",
      "--server",
      "/x",
    ];
    const options = parseOptions(line);
    expect(options).toMatchObject({ rate: 50, secondsPerAct: 0.5, plain: true, real: true, server: "/x" });
    expect(options?.acts.map(({ name }) => name)).toEqual(["kill", "restart"]);
  });

  it.each<[string, string[], RegExp]>([
    ["an unknown flag", ["--rat", "5"], /--rat/],
    ["a word that is no flag", ["kill"], /"kill"/],
    ["a flag without its value", ["--rate"], /rate/],
    ["a rate that is no number", ["--rate", "fast"], /--rate must be a number from 1 to 20000, not "fast"/],
    ["a rate of none", ["--rate", "0"], /--rate must be/],
    ["a negative length", ["--seconds-per-act=-1"], /--seconds-per-act must be/],
    ["an unknown act", ["--acts", "kill,dance"], /"dance" is none of connect, steady/],
    ["something after the drain", ["--acts", "drain,kill"], /drain.*last/],
    ["the same flag twice", ["--seconds-per-act", "1", "--seconds-per-act", "2"], /--seconds-per-act is given more/],
  ])("refuses %s", (_what, argv, words) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(words);
  });
});
