// Message headers as a caller sees them: names, values and the status a server may put in front.
// Reading them from the wire lives in header-block.ts. Source: ADR-4; conformance PROTO-30 … PROTO-33.

import { NatsError } from "@myelin/contracts";
import { isWellFormed } from "./utf8.js";

/** How a name given to {@link MsgHdrs} is compared with those stored. */
export const Match: {
  /** Same characters, same case (the default, and what ADR-4 asks for). */
  readonly Exact: "exact";
  /** The name given is first written as in HTTP (`nats-msg-id` becomes `Nats-Msg-Id`), then compared exactly. */
  readonly CanonicalMIME: "canonical";
  /** Case is ignored. */
  readonly IgnoreCase: "insensitive";
} = { Exact: "exact", CanonicalMIME: "canonical", IgnoreCase: "insensitive" } as const;
export type Match = (typeof Match)[keyof typeof Match];

/** What is wrong with headers; closed set. `"malformed"` is about a received block, the others about a call. */
export type HeaderProblem = "name" | "value" | "status" | "malformed";

/** Headers that may not be sent, or that were received and cannot be read. Thrown before anything changes. */
export class HeaderError extends NatsError {
  readonly code = "INVALID_HEADER";

  constructor(
    /** What is wrong with it. */
    readonly problem: HeaderProblem,
    message: string,
  ) {
    super(message);
  }
}

const NAME = /^[!-9;-~]+$/;
const FORBIDDEN_IN_VALUE = /[\r\n]/;
// So many headers are looked through one by one.
const FEW_FIELDS = 32;
const AROUND_VALUE = /^[ \t]+|[ \t]+$/g;

/**
 * Names with one or more values each, in the order in which they were first set; case is kept.
 *
 * A name is one or more printable ASCII characters other than `:`. A value is any text without CR or LF; spaces and tabs
 * around it are not part of it. Anything else throws {@link HeaderError} and changes nothing.
 */
export class MsgHdrs implements Iterable<[string, string[]]> {
  // Of a received block nobody has changed or looked at as a whole.
  #received: Parameters<typeof MsgHdrs.received>[2] | undefined = undefined;
  #index: Map<string, string[]> | undefined = undefined;
  readonly #code: number;
  readonly #description: string;
  // The block as text, until something changes: headers are often made once and sent many times.
  #block: string | undefined = undefined;

  /** @param code 0 for ordinary headers, else the status (100–999) of a server's or a service's answer */
  constructor(code = 0, description = "") {
    if (code !== 0 && !(Number.isInteger(code) && code >= 100 && code <= 999)) {
      throw new HeaderError("status", "status code is not an integer from 100 to 999");
    }
    if (code === 0 && description !== "") throw new HeaderError("status", "a status description needs a status code");
    this.#code = code;
    this.#description = description === "" ? "" : checkedValue(description, "status", "status description");
  }

  /**
   * Headers as they were read from the wire, checked already.
   *
   * @internal
   */
  static received(
    code: number,
    description: string,
    fields: Iterable<[string, string]> & { readonly length: number; first(name: string): string | undefined },
  ): MsgHdrs {
    const result = new MsgHdrs(code, description);
    result.#received = fields;
    return result;
  }

  /** Headers of a plain object; a value may be one string or a list of them. */
  static fromRecord(record: { readonly [name: string]: string | readonly string[] }): MsgHdrs {
    const result = new MsgHdrs();
    for (const [name, values] of Object.entries(record)) {
      for (const value of typeof values === "string" ? [values] : values) result.append(name, value);
    }
    return result;
  }

  /** The status code, 0 when there is none. */
  get code(): number {
    return this.#code;
  }

  /** The text after the status code, `""` when there is none. */
  get description(): string {
    return this.#description;
  }

  /** Code and description, as in `"503 No Responders"`; `"0"` without a status. */
  get status(): string {
    return `${this.#code} ${this.#description}`.trim();
  }

  /** True for a status of 300 or more. */
  get hasError(): boolean {
    return this.#code >= 300;
  }

  /** How many different names there are. */
  size(): number {
    return this.#values.size;
  }

  /** The first value, `""` when there is none. */
  get(name: string, match: Match = Match.Exact): string {
    const received = this.#received;
    // The usual look at a message: one or two of a few names, not worth a map.
    if (received !== undefined && match === Match.Exact && received.length <= FEW_FIELDS) {
      return received.first(name) ?? "";
    }
    return this.#list(name, match)?.[0] ?? "";
  }

  /** The last value of the first matching name, `""` when there is none. */
  last(name: string, match: Match = Match.Exact): string {
    return this.#list(name, match)?.at(-1) ?? "";
  }

  /** All values of all matching names, in order; empty when there are none. The array is the caller's. */
  values(name: string, match: Match = Match.Exact): string[] {
    return this.#names(name, match).flatMap((found) => this.#values.get(found) ?? []);
  }

  /** Whether there is such a header; by default with exactly this name. */
  has(name: string, match: Match = Match.Exact): boolean {
    return this.#names(name, match).length > 0;
  }

  /** The names, in order. */
  keys(): string[] {
    return [...this.#values.keys()];
  }

  /** Replaces all matching names by this one name and value. */
  set(name: string, value: string, match: Match = Match.Exact): void {
    const stored = storedName(name, match);
    const list = [checkedValue(value, "value", stored)];
    this.delete(name, match);
    this.#values.set(stored, list);
  }

  /** Adds a value to the first matching name, or a new name. */
  append(name: string, value: string, match: Match = Match.Exact): void {
    const stored = this.#names(name, match)[0] ?? storedName(name, match);
    const checked = checkedValue(value, "value", stored);
    const list = this.#values.get(stored);
    if (list === undefined) this.#values.set(stored, [checked]);
    else list.push(checked);
    this.#block = undefined;
  }

  /** Removes all matching names; without effect when there is none. */
  delete(name: string, match: Match = Match.Exact): void {
    for (const found of this.#names(name, match)) this.#values.delete(found);
    this.#block = undefined;
  }

  /** Same status, same names, same values in any order of names. */
  equals(other: MsgHdrs): boolean {
    if (this.#code !== other.code || this.#description !== other.description || this.size() !== other.size()) {
      return false;
    }
    for (const [name, values] of this.#values) {
      const others = other.values(name);
      if (values.length !== others.length || values.some((value, i) => value !== others[i])) return false;
    }
    return true;
  }

  /** A copy as a plain object of lists; the status is not part of it. */
  toRecord(): Record<string, string[]> {
    return Object.fromEntries(this);
  }

  /** The block as it goes on the wire: `NATS/1.0`, the status, one line for each value, an empty line. */
  toString(): string {
    if (this.#block === undefined) {
      let block = "NATS/1.0";
      if (this.#code !== 0) block += ` ${this.status}`;
      block += "\r\n";
      for (const [name, values] of this.#values) {
        for (const value of values) block += `${name}: ${value}\r\n`;
      }
      this.#block = `${block}\r\n`;
    }
    return this.#block;
  }

  /** Names with their values, in order. The arrays are copies. */
  *[Symbol.iterator](): IterableIterator<[string, string[]]> {
    for (const [name, values] of this.#values) yield [name, [...values]];
  }

  get #values(): Map<string, string[]> {
    let index = this.#index;
    if (index === undefined) {
      index = new Map();
      this.#index = index;
      const received = this.#received ?? [];
      this.#received = undefined;
      for (const [name, value] of received) {
        const list = index.get(name);
        if (list === undefined) index.set(name, [value]);
        else list.push(value);
      }
    }
    return index;
  }

  #list(name: string, match: Match): string[] | undefined {
    if (match === Match.Exact) return this.#values.get(name);
    const found = this.#names(name, match)[0];
    return found === undefined ? undefined : this.#values.get(found);
  }

  #names(name: string, match: Match): string[] {
    if (match === Match.IgnoreCase) {
      const wanted = name.toLowerCase();
      return this.keys().filter((key) => key.toLowerCase() === wanted);
    }
    const wanted = match === Match.CanonicalMIME ? canonicalMIMEHeaderKey(name) : name;
    return this.#values.has(wanted) ? [wanted] : [];
  }
}

/** Empty headers, with a status where one is given. Throws {@link HeaderError} for a status that cannot be sent. */
export function headers(code = 0, description = ""): MsgHdrs {
  return new MsgHdrs(code, description);
}

/** The name as HTTP libraries write it: first letter and every letter after `-` in upper case, the rest in lower case. */
export function canonicalMIMEHeaderKey(name: string): string {
  return checkedName(name)
    .toLowerCase()
    .replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

function storedName(name: string, match: Match): string {
  return match === Match.CanonicalMIME ? canonicalMIMEHeaderKey(name) : checkedName(name);
}

function checkedName(name: string): string {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new HeaderError(
      "name",
      `header name ${quoted(name)} is not one or more printable ASCII characters without ":"`,
    );
  }
  return name;
}

function checkedValue(value: string, problem: HeaderProblem, of: string): string {
  if (typeof value !== "string") throw new HeaderError(problem, `value of header ${quoted(of)} is not a string`);
  if (FORBIDDEN_IN_VALUE.test(value)) throw new HeaderError(problem, `value of header ${quoted(of)} contains CR or LF`);
  if (!isWellFormed(value))
    throw new HeaderError(problem, `value of header ${quoted(of)} contains half a surrogate pair`);
  return value.replace(AROUND_VALUE, "");
}

// Names are shown, values never: they may be tokens.
function quoted(name: unknown): string {
  return JSON.stringify(String(name).slice(0, 64));
}
