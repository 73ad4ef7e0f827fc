// What is here is there: every type, default and code of this package fits @myelin/client, so that a program outgrows it by changing
// its import.

import * as full from "@myelin/client";
import { expect, expectTypeOf, it } from "vitest";
import * as light from "../src/index.js";
import { serverErrorOf } from "../src/server-error.js";

it("every value and type fits the full client's", () => {
  expectTypeOf<full.NatsConnection>().toExtend<light.LightConnection>();
  expectTypeOf<full.Subscription>().toExtend<light.Subscription>();
  expectTypeOf<full.Msg>().toExtend<light.Msg>();
  expectTypeOf<full.MsgHdrs>().toExtend<light.MsgHdrs>();
  expectTypeOf<full.ServerInfo>().toExtend<light.ServerInfo>();
  expectTypeOf<light.LightOptions>().toExtend<full.ConnectionOptions>();
  expectTypeOf<light.SubscriptionOptions["callback"]>().toBeNullable();
  expectTypeOf<Omit<light.SubscriptionOptions, "callback">>().toExtend<full.SubscriptionOptions>();
  expectTypeOf<Omit<light.PublishOptions, "headers">>().toExtend<full.PublishOptions>();
  expectTypeOf<Omit<light.RequestOptions, "headers">>().toExtend<full.RequestOptions>();
  expectTypeOf<light.StatusType>().toExtend<full.StatusType>();
  expectTypeOf<light.ConnectionState>().toEqualTypeOf<full.ConnectionState>();
  expectTypeOf<light.DropReason>().toEqualTypeOf<full.DropReason>();
  expectTypeOf<light.ConnectAttempt>().toEqualTypeOf<full.ConnectAttempt>();
  // No option the full one does not have, not even by a looser type.
  expectTypeOf<Exclude<keyof light.LightOptions, keyof full.ConnectionOptions>>().toBeNever();
  expectTypeOf<Exclude<keyof light.LightConnection, keyof full.NatsConnection>>().toBeNever();
  expectTypeOf<Exclude<keyof light.Subscription, keyof full.Subscription>>().toBeNever();
  expectTypeOf<Exclude<keyof light.Msg, keyof full.Msg>>().toBeNever();
});

it("every default is the full client's", () => {
  expect(full.defaults).toMatchObject(light.defaults);
});

it("every error class is there under the same name, with the same code", () => {
  const codes = (all: Record<string, unknown>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) => {
        if (typeof value !== "function" || !(value.prototype instanceof Error)) return [];
        const Class = value as new (...given: unknown[]) => { readonly code?: string };
        // Arguments that any of them can make a sentence of.
        return [[name, new Class("a", [], "s").code ?? ""]];
      }),
    );
  const here = codes(light);
  expect(Object.keys(here).length).toBeGreaterThan(20);
  const own = new Set(["InvalidArgumentError", "NatsError", "TransportError"]);
  const there = codes(full);
  for (const [name, code] of Object.entries(here)) {
    if (!own.has(name) && !["AuthorizationError", "ConnectionLimitError", "ConnectError"].includes(name)) {
      expect([name, there[name]]).toEqual([name, code]);
    }
  }
});

it.each([
  "Authorization Violation",
  "Authentication Timeout",
  "User Authentication Expired",
  "Account Authentication Expired",
  "User Authentication Revoked",
  "maximum connections exceeded",
  "maximum account active connections exceeded",
  "Connection throttling is active. Please try again later.",
  "Stale Connection",
  "Slow Consumer",
  'Permissions Violation for Publish to "a.b"',
  'Permissions Violation for Publish with Reply of "r"',
  'Permissions Violation for Subscription to "a.*"',
  'Permissions Violation for Subscription to "a.*" using queue "q"',
  'Permissions Violation for Subscription to "a" (sid "3")',
  "Unknown Protocol Operation",
  "whatever",
])("%s means what it means to the full client", async (text) => {
  const { serverErrorOf: reference } = await import("../../client/src/server-error.js");
  const facts = (error: unknown): unknown => {
    const { code, operation, queue, subject } = error as Record<string, unknown>;
    return { code, operation, queue, subject };
  };
  expect(facts(serverErrorOf(text))).toEqual(facts(reference(text)));
});

it.each([
  "a",
  "a.b",
  "a.*",
  "a.>",
  ">",
  "*",
  "",
  ".",
  "a.",
  ".a",
  "a..b",
  "a b",
  "a\tb",
  "a\u0000",
  "a\u007f",
  "a\ud800",
  "é",
  "a*",
  "*a",
  ">.a",
  "a.>.b",
  "a>",
])("%j is a subject here if it is one there", async (text) => {
  const { checkSubject } = await import("../src/subject.js");
  const { publishSubjectProblem, queueProblem, subscribeSubjectProblem } = await import("@myelin/protocol");
  const fails = (what: "subject" | "subscribe" | "queue"): boolean => {
    try {
      checkSubject(text, what);
      return false;
    } catch (error) {
      return (error as light.InvalidSubjectError).code === "INVALID_SUBJECT";
    }
  };
  expect([fails("subject"), fails("subscribe"), fails("queue")]).toEqual([
    publishSubjectProblem(text) !== undefined,
    subscribeSubjectProblem(text) !== undefined,
    queueProblem(text) !== undefined,
  ]);
});
