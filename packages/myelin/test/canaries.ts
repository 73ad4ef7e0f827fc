// Secrets that are planted, and everything a user could print afterwards: what a test greps for them.

import { inspect } from "node:util";
import { expect } from "vitest";

/** Keeps what it is shown as text, in every way Node prints a value. */
export class Witness {
  readonly #texts: string[] = [];

  /** @param value an error with its causes and attempts, an event, a connection, anything */
  see(value: unknown): void {
    this.#texts.push(inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null }));
    if (!(value instanceof Error)) return;
    this.#texts.push(String(value.stack), String(value), jsonOf(value));
    const { attempts, errors } = value as { attempts?: unknown; errors?: unknown };
    for (const part of [value.cause, attempts, errors].flat()) if (part !== undefined) this.see(part);
  }

  /** How much was seen. */
  get texts(): number {
    return this.#texts.length;
  }

  /** Fails, showing the text, when one of them is to be read anywhere. */
  expectNone(canaries: readonly string[]): void {
    for (const text of this.#texts) {
      for (const canary of canaries) if (text.includes(canary)) expect(text).not.toContain(canary);
    }
  }
}

// Node's error about a server's certificate holds that certificate, whose issuer may be itself.
function jsonOf(error: Error): string {
  try {
    return JSON.stringify(error);
  } catch {
    return "";
  }
}

/** What would betray a PEM: each of its lines but the first and last, and its bytes as inspect shows those of a buffer. */
export function canariesOf(pem: string): string[] {
  const lines = pem.trim().split("\n").slice(1, -1);
  const bytes = Buffer.from(pem).subarray(30, 42).toString("hex");
  return [...lines, bytes, bytes.replace(/..(?!$)/g, "$& ")].filter((text) => text.length > 10);
}
