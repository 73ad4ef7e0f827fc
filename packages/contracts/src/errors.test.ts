import { describe, expect, it } from "vitest";
import { InvalidArgumentError, isNatsError, NatsError, TransportError } from "./index.js";

describe("NatsError", () => {
  it("is recognised by its brand, also in an object of another copy of the package", () => {
    const foreign = Object.defineProperty(new Error("x"), Symbol.for("myelin.NatsError"), { value: true });
    expect(isNatsError(foreign)).toBe(true);
    expect(isNatsError(new InvalidArgumentError("servers", "is empty"))).toBe(true);
    expect(isNatsError(new Error("x"))).toBe(false);
    expect(isNatsError(undefined)).toBe(false);
  });

  it("names its class, keeps its cause and carries its facts as fields", () => {
    const cause = new Error("ECONNREFUSED");
    const error = new TransportError("CONNECTION_REFUSED", "tcp", "127.0.0.1:1 refused the connection", "127.0.0.1:1", {
      cause,
    });
    expect(error).toBeInstanceOf(NatsError);
    expect(error.name).toBe("TransportError");
    expect(error.cause).toBe(cause);
    expect([error.code, error.phase, error.address]).toEqual(["CONNECTION_REFUSED", "tcp", "127.0.0.1:1"]);
  });

  it("is whole in JSON, message included, and has no stack, cause or history there", () => {
    const error = new TransportError("DNS_FAILED", "dns", "no address", "a:1", { cause: new Error("EAI_AGAIN") });
    Object.defineProperty(error, "history", { value: ["a step"] });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: { name: "TransportError", code: "DNS_FAILED", phase: "dns", address: "a:1", message: "no address" },
    });
  });

  it("says which argument was wrong", () => {
    expect(new InvalidArgumentError("servers", "is empty").message).toBe("servers: is empty");
  });
});
