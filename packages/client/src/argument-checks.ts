// Checks of single arguments, one for each kind; every failure is an InvalidArgumentError that names the argument and the rule.

import { InvalidArgumentError } from "@myelin/contracts";
import { messageOf } from "./errors.js";

/** `; did you mean …?` for a name close to one of `known`, else nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = known.find((one) => distance(one.toLowerCase(), name.toLowerCase()) <= 2);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** The names of options, all of them: one that is added to their type and not here does not compile. */
export type OptionNames<T> = { readonly [name in keyof Required<T>]: true };

/**
 * The options of a call. Throws InvalidArgumentError for the first that is not among `known`, and for options that are no object, such
 * as a function in place of `{ callback }`.
 *
 * @param call as in "subscribe()"
 */
export function onlyKnown<T extends object>(options: T, known: OptionNames<T>, call: string): T {
  if (typeof options !== "object" || options === null)
    throw new InvalidArgumentError("options", `of ${call} must be an object`);
  for (const name in options) {
    if (!Object.hasOwn(known, name)) {
      throw new InvalidArgumentError(name, `is not an option of ${call}${suggestion(name, Object.keys(known))}`);
    }
  }
  return options;
}

// Levenshtein distance; names of options are short.
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replace, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

function number(
  name: string,
  value: number | undefined,
  fallback: number,
  ok: (n: number) => boolean,
  rule: string,
): number {
  const found = value ?? fallback;
  if (typeof found !== "number" || !ok(found))
    throw new InvalidArgumentError(
      name,
      `must be ${rule}, not ${typeof value === "string" ? `the text "${value}"` : messageOf(value)}`,
    );
  return found;
}

/** The value or its default, which must be a positive number of milliseconds. */
export function positive(name: string, value: number | undefined, fallback: number): number {
  return number(name, value, fallback, (n) => Number.isFinite(n) && n > 0, "a positive number of milliseconds");
}

/** The value or its default, which must be 0 or more milliseconds. */
export function nonNegative(name: string, value: number | undefined, fallback: number): number {
  return number(name, value, fallback, (n) => Number.isFinite(n) && n >= 0, "a number of milliseconds, 0 or more");
}

/** The value or its default, which must be a whole number from `least` to `most`. */
export function integer(
  name: string,
  value: number | undefined,
  fallback: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const rule = `a whole number${most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`}`;
  return number(name, value, fallback, (n) => Number.isSafeInteger(n) && n >= least && n <= most, rule);
}

/** The signal, if there is one; must be an AbortSignal, of whatever realm. */
export function abortSignal(name: string, value: AbortSignal | undefined): AbortSignal | undefined {
  const signal = value ?? undefined;
  if (signal === undefined) return undefined;
  if (typeof signal.addEventListener === "function" && typeof signal.aborted === "boolean") return signal;
  throw new InvalidArgumentError(name, "must be an AbortSignal");
}

/** The function. */
export function callable<T>(name: string, value: T): T {
  if (typeof value === "function") return value;
  throw new InvalidArgumentError(name, `must be a function, not ${typeof value}`);
}

/** The value or its default, which must be one of `all`. */
export function choice<T extends string>(name: string, value: T | undefined, fallback: T, all: readonly T[]): T {
  const found = value ?? fallback;
  if (!all.includes(found))
    throw new InvalidArgumentError(name, `must be one of ${all.map((one) => `"${one}"`).join(", ")}`);
  return found;
}
