import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  checkPublishSubject,
  checkQueue,
  checkSubscribeSubject,
  hasWildcards,
  InvalidSubjectError,
  isValidPublishSubject,
  isValidSubscribeSubject,
  subjectMatches,
  subscribeSubjectProblem,
} from "./index.js";

describe("what is a subject", () => {
  it.each(["FOO", "foo.bar", "FOO.BAR.BAZ", "foo*.bar", "f*o.b*r", "foo>", "$SYS.x", "ü.é", "a-b_c/d"])(
    "PROTO-6: %j",
    (subject) => {
      expect([isValidPublishSubject(subject), isValidSubscribeSubject(subject)]).toEqual([true, true]);
    },
  );

  it.each(["", "FOO. BAR", "foo. .bar", "foo..bar", ".foo", "foo.", ".", "a b", "a\t", "\n", "a\0"])(
    "PROTO-6: not %j",
    (subject) => {
      expect([isValidPublishSubject(subject), isValidSubscribeSubject(subject)]).toEqual([false, false]);
      expect(() => checkPublishSubject(subject)).toThrow(InvalidSubjectError);
      expect(() => checkSubscribeSubject(subject)).toThrow(InvalidSubjectError);
    },
  );

  it.each(["*", ">", "foo.*", "foo.>", "*.*.east.>"])("PROTO-7: %j only to subscribe", (subject) => {
    expect([isValidPublishSubject(subject), isValidSubscribeSubject(subject), hasWildcards(subject)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("PROTO-7: > only as the last token, wildcards only as whole tokens", () => {
    expect(subscribeSubjectProblem("a.>.b")).toBe("misplaced-wildcard");
    expect(subscribeSubjectProblem(">.a")).toBe("misplaced-wildcard");
    expect(hasWildcards("foo*.b>")).toBe(false);
  });

  it("PROTO-9: a queue group has no blanks and is not empty", () => {
    expect(() => checkQueue("workers.1")).not.toThrow();
    for (const queue of ["", "a b", "a\r\n"]) expect(() => checkQueue(queue)).toThrow(InvalidSubjectError);
  });

  it("says in its error what is wrong, without flooding the log", () => {
    const long = `${"a".repeat(10_000)} `;
    const error = new InvalidSubjectError(long, "whitespace", "reply");
    expect(error.subject).toBe(long);
    expect(error.message).toMatch(/^reply "a{50}.*" contains whitespace$/);
    expect(error.message.length).toBeLessThan(200);
  });
});

describe("what matches", () => {
  it.each([
    ["foo.*.quux", "foo.bar.quux", true],
    ["foo.>", "foo.bar.quux", true],
    ["foo.*.quux", "foo.bar.baz", false],
    ["foo.>", "foo.bar.baz", true],
    ["*.*.east.>", "time.us.east.atlanta", true],
    ["*.*.east.>", "time.us.east", false],
    ["foo.>", "foo", false],
    ["foo.*", "foo", false],
    ["foo.*", "foo.bar.baz", false],
    ["foo", "foo.bar", false],
    ["foo.bar", "foo", false],
    ["foo", "FOO", false],
    ["foo", "foo", true],
    [">", "a.b.c", true],
    ["*", "a", true],
    ["foo*.bar", "foox.bar", false],
    ["foo*.bar", "foo*.bar", true],
    ["foo>", "foo.bar", false],
    ["foo", "fop", false],
  ])("PROTO-8: %s and %s: %s", (pattern, subject, expected) => {
    expect(subjectMatches(pattern, subject)).toBe(expected);
  });

  const token = fc.constantFrom("a", "b", "ab", "*", ">", "a*");
  const subject = fc.array(fc.constantFrom("a", "b", "ab", "a*"), { minLength: 1, maxLength: 4 });
  test.prop([fc.array(token, { minLength: 1, maxLength: 4 }), subject])(
    "PROTO-8: like the rule read token by token",
    (pattern, tokens) => {
      fc.pre(!pattern.slice(0, -1).includes(">"));
      const open = pattern.at(-1) === ">";
      const enough = open ? tokens.length >= pattern.length : tokens.length === pattern.length;
      const expected =
        enough && pattern.every((part, i) => part === "*" || (open && i === pattern.length - 1) || part === tokens[i]);
      expect(subjectMatches(pattern.join("."), tokens.join("."))).toBe(expected);
    },
  );
});
