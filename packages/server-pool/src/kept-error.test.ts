import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";
import { keptError } from "./kept-error.js";

/** An error that tells when its stack is read. */
function watched(message: string, reads: string[], cause?: unknown): Error {
  const error = new Error(message, { cause });
  Object.defineProperty(error, "stack", {
    get: () => {
      reads.push(message);
      return message;
    },
  });
  return error;
}

describe("an error that is kept", () => {
  it("has its stack as text, and those of its causes", () => {
    const reads: string[] = [];
    const error = watched("a", reads, watched("b", reads, watched("c", reads)));
    expect(keptError(error)).toBe(error);
    expect(reads).toEqual(["a", "b", "c"]);
  });

  it("may be its own cause, or have a stack that throws", () => {
    const circle: Error = new Error("circle");
    circle.cause = circle;
    expect(keptError(circle)).toBe(circle);
    const broken = new Error("broken");
    Object.defineProperty(broken, "stack", {
      get: () => {
        throw new Error("no stack");
      },
    });
    expect(keptError(broken)).toBe(broken);
  });

  it("P11: is so in the pool, for failed dials and for lost connections", () => {
    const reads: string[] = [];
    const client = new PoolDriver({ servers: "a,b", randomize: false });
    client.fail("network", watched("refused", reads));
    client.connect();
    const connected = client.pool.snapshot().find(({ state }) => state === "connected");
    client.pool.lost(connected?.id ?? -1, watched("lost", reads), client.now);
    expect(reads).toEqual(["refused", "lost"]);
  });
});
