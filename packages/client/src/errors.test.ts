import { InvalidArgumentError, isNatsError, TransportError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import {
  AuthorizationError,
  type ConnectAttempt,
  ConnectError,
  ConnectionLimitError,
  errors,
  PermissionViolationError,
  ServerError,
  StaleConnectionError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "./errors.js";
import { serverErrorOf } from "./server-error.js";

const attempt = (phase: ConnectAttempt["phase"], error: Error, server = `nats://${phase}:4222`): ConnectAttempt => ({
  server,
  address: undefined,
  phase,
  error,
  ms: 1,
});

describe("ConnectError", () => {
  const refused = attempt("tcp", new TransportError("CONNECTION_REFUSED", "tcp", "refused", "a:1"));
  const late = attempt("tcp", new TimeoutError("connecting", 5_000));
  const unknownName = attempt("dns", new TransportError("DNS_FAILED", "dns", "no such name", undefined));
  const garbage = attempt("info", new ServerError("garbage"));
  const badCertificate = attempt("tls", new TransportError("TLS_CERTIFICATE_REJECTED", "tls", "self-signed", "a:1"));
  const denied = attempt("ping", new AuthorizationError("denied"));

  it("P10: names the most specific cause, whatever the order of the attempts", () => {
    const ranked = [refused, late, unknownName, garbage, badCertificate, denied];
    for (let best = 0; best < ranked.length; best++) {
      const tried = ranked.slice(0, best + 1);
      for (const order of [tried, [...tried].reverse()]) {
        const error = new ConnectError("could not connect", order);
        expect(error.cause).toBe(ranked[best]?.error);
        expect(error.cause).toHaveProperty("code", error.code);
        expect(error.attempts).toEqual(order);
      }
    }
  });

  it("names the other servers that failed, without repeating them", () => {
    const error = new ConnectError("could not connect", [refused, refused, denied]);
    expect(error.message).toBe(
      "could not connect: nats://ping:4222 failed in phase ping: denied (also failed: nats://tcp:4222; see attempts)",
    );
  });
});

describe("serverErrorOf", () => {
  it.each([
    ["Authorization Violation", AuthorizationError],
    ["Authentication Timeout", AuthorizationError],
    ["User Authentication Expired", UserAuthenticationExpiredError],
    ["Account Authentication Expired", UserAuthenticationExpiredError],
    ["User Authentication Revoked", UserAuthenticationExpiredError],
    ["Stale Connection", StaleConnectionError],
    ['Permissions Violation for Publish to "a"', PermissionViolationError],
    ['Permissions Violation for Subscription to "a" using queue "q"', PermissionViolationError],
    ["maximum connections exceeded", ConnectionLimitError],
    ["maximum account active connections exceeded", ConnectionLimitError],
    ["Connection throttling is active. Please try again later.", ConnectionLimitError],
    ["maximum subscriptions exceeded", ServerError],
    ["Something New", ServerError],
  ])("PROTO-41 … 58: %s becomes its class", (text, type) => {
    const error = serverErrorOf(text);
    expect(error.constructor).toBe(type);
    expect(isNatsError(error)).toBe(true);
  });

  it.each([
    ["maximum connections exceeded", "MAX_CONNECTIONS"],
    ["maximum account active connections exceeded", "MAX_ACCOUNT_CONNECTIONS"],
    ["Connection throttling is active. Please try again later.", "CONNECTION_THROTTLED"],
  ])("PROTO-50, PROTO-57: %s has the code %s, and is no authorization error", (text, code) => {
    const error = serverErrorOf(text);
    expect(error).toMatchObject({ code, text });
    expect(error).toBeInstanceOf(ServerError);
    expect(error).not.toBeInstanceOf(AuthorizationError);
  });

  it("keeps subject and queue group of a denied subscription", () => {
    const error = serverErrorOf('Permissions Violation for Subscription to "a.*" using queue "q"');
    expect(error).toMatchObject({ operation: "subscription", subject: "a.*", queue: "q" });
  });
});

it("every class of the errors object is a NatsError whose name is its own", () => {
  expect(Object.keys(errors).length).toBeGreaterThan(20);
  for (const [name, type] of Object.entries(errors)) {
    expect(type.name).toBe(name);
    expect(type.prototype).toBeInstanceOf(Object.getPrototypeOf(InvalidArgumentError));
  }
});
