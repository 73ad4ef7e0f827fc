import { TransportError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { dialError, everyAddressFailed, streamError, tlsError } from "./socket-errors.js";

const withCode = (code: string): Error => Object.assign(new Error(`node says ${code}`), { code });

describe("the closed set of codes", () => {
  it.each([
    ["ECONNREFUSED", "CONNECTION_REFUSED"],
    ["ENOENT", "CONNECTION_REFUSED"],
    ["ECONNRESET", "CONNECTION_RESET"],
    ["EHOSTUNREACH", "HOST_UNREACHABLE"],
    ["ENETUNREACH", "HOST_UNREACHABLE"],
    ["ETIMEDOUT", "HOST_UNREACHABLE"],
    ["EACCES", "CONNECT_FAILED"],
    ["toString", "CONNECT_FAILED"],
  ])("a dial that ends with %s is %s, keeps its cause and names the address", (name, code) => {
    const cause = withCode(name);
    const error = dialError("192.0.2.1:4222", cause);
    expect(error).toMatchObject({ code, phase: "tcp", address: "192.0.2.1:4222", cause });
    expect(error.message).toContain("192.0.2.1:4222");
    expect(error.message).toContain(name);
    expect(error.message).not.toContain("undefined");
  });

  it.each([
    ["ECONNRESET", "CONNECTION_RESET", "stream"],
    ["EPIPE", "CONNECTION_RESET", "stream"],
    ["EIO", "STREAM_FAILED", "stream"],
    ["ETIMEDOUT", "HOST_UNREACHABLE", "stream"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLS_FAILED", "tls"],
  ])("a stream that breaks with %s is %s of phase %s", (name, code, phase) => {
    const error = streamError("192.0.2.1:4222", withCode(name));
    expect(error).toMatchObject({ code, phase });
    expect(error.message).not.toContain("undefined");
  });

  it("the alert of a missing client certificate says what to set", () => {
    expect(tlsError("a:1", withCode("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED")).message).toContain("tls.cert");
    expect(tlsError("a:1", withCode("ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE")).message).toContain("tls.cert");
    expect(tlsError("a:1", withCode("ERR_SSL_WRONG_VERSION_NUMBER")).message).not.toContain("tls.cert");
  });

  it("what has no code still has words", () => {
    expect(dialError("a:1", "just a string").message).toContain("just a string");
    expect(tlsError("a:1", new Error("no PEM")).message).toContain("no PEM");
  });
});

describe("everyAddressFailed", () => {
  const unreachable = dialError("[2001:db8::1]:4222", withCode("ENETUNREACH"));
  const refused = dialError("192.0.2.1:4222", withCode("ECONNREFUSED"));

  it("speaks for the most telling address, and keeps the others as an AggregateError", () => {
    const error = everyAddressFailed("nats.example:4222", [unreachable, refused]);
    expect(error).toMatchObject({ code: "CONNECTION_REFUSED", phase: "tcp", address: "192.0.2.1:4222" });
    expect(error.message).toContain("nats.example:4222");
    expect(error.message).toContain("2 addresses");
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect((error.cause as AggregateError).errors).toEqual([unreachable, refused]);
  });

  it("is the address's own error when there was one", () => {
    expect(everyAddressFailed("nats.example:4222", [refused])).toBe(refused);
    expect(refused).toBeInstanceOf(TransportError);
  });
});
