// Headers of a message: names with lists of values, and the status a server may put in front. Both directions.
// Source: ADR-4.

import { NatsError } from "@myelin/contracts";
import { fromUtf8 } from "./utf8.js";

/** A header that cannot be sent, or received headers that cannot be read. */
export class HeaderError extends NatsError {
  readonly code = "INVALID_HEADER";

  /** What is at fault. */
  declare readonly problem: "name" | "value" | "malformed";

  constructor(problem: HeaderError["problem"], message: string) {
    super(message);
    this.problem = problem;
  }
}

/** Names with lists of values; names are case-sensitive. Made with {@link headers}. */
export interface MsgHdrs {
  /** The status code, 0 when there is none. */
  readonly code: number;
  /** The text after the status code, `""` when there is none. */
  readonly description: string;
  /** The first value, `""` when there is none. */
  get(name: string): string;
  /** All values, in order; the array is the caller's. */
  values(name: string): string[];
  /** Whether there is such a header. */
  has(name: string): boolean;
  /** The names, in order. */
  keys(): string[];
  /** Replaces all values by this one. Throws HeaderError for what cannot be sent. */
  set(name: string, value: string): void;
  /** Adds a value. Throws HeaderError for what cannot be sent. */
  append(name: string, value: string): void;
  /** Removes the name with its values. */
  delete(name: string): void;
  /** The block as it goes on the wire. */
  toString(): string;
}

class Headers implements MsgHdrs {
  readonly #values = new Map<string, string[]>();

  declare readonly code: number;
  declare readonly description: string;

  constructor(code: number, description: string) {
    this.code = code;
    this.description = description;
  }

  get(name: string): string {
    return this.#values.get(name)?.[0] ?? "";
  }

  values(name: string): string[] {
    return [...(this.#values.get(name) ?? [])];
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  set(name: string, value: string): void {
    const list = [checked(name, value)];
    this.#values.set(name, list);
  }

  append(name: string, value: string): void {
    const list = [...this.values(name), checked(name, value)];
    this.#values.set(name, list);
  }

  delete(name: string): void {
    this.#values.delete(name);
  }

  toString(): string {
    let block = "NATS/1.0\r\n";
    for (const [name, values] of this.#values) for (const value of values) block += `${name}: ${value}\r\n`;
    return `${block}\r\n`;
  }
}

/** Empty headers. */
export function headers(): MsgHdrs {
  return new Headers(0, "");
}

/** True for what {@link headers} made. */
export function isHeaders(value: unknown): value is MsgHdrs {
  return value instanceof Headers;
}

/** Reads a received block. Throws HeaderError with problem `"malformed"`. */
export function readHeaders(bytes: Uint8Array): MsgHdrs {
  const [first = "", ...lines] = fromUtf8(bytes).split(/\r?\n/);
  const status = /^NATS\/1\.0(?:[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?)?[ \t]*$/.exec(first);
  if (status === null) throw malformed();
  const found = new Headers(Number(status[1] ?? 0), (status[2] ?? "").trimEnd());
  for (const line of lines) {
    if (line === "") break;
    const colon = line.indexOf(":");
    try {
      found.append(line.slice(0, Math.max(0, colon)), line.slice(colon + 1));
    } catch {
      throw malformed();
    }
  }
  return found;
}

function checked(name: string, value: string): string {
  if (typeof name !== "string" || !/^[!-9;-~]+$/.test(name)) {
    throw new HeaderError("name", "a header name is printable ASCII without a colon");
  }
  if (typeof value !== "string" || /[\r\n]|\p{Surrogate}/u.test(value)) {
    throw new HeaderError("value", `the value of header "${name.slice(0, 64)}" must be one line`);
  }
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

function malformed(): HeaderError {
  return new HeaderError("malformed", "received headers cannot be read");
}
