// Every public name of @nats-io/nats-core exists here with a type that fits where theirs is expected, or stands on one of the lists
// below with its reason. tsc judges the types; the tests see that no name is forgotten.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as Theirs from "@nats-io/nats-core";
import * as theirs from "@nats-io/nats-core";
import type * as Ours from "myelin";
import * as ours from "myelin";
import { expect, it } from "vitest";

const HEADERS = "headers are made with headers(); an object of one's own that only looks like them is not taken";

/** Values we do not have, and why. */
const missingValues = {
  Bench: "measuring is an application of its own: apps/bench",
  Metric: "as Bench",
} as const;

/** Values whose type does not fit theirs, and why. */
const differentValues = {
  MsgHdrsImpl: "the class of headers(), whose own state is private",
  buildAuthenticator: "authenticators may be async",
  credsAuthenticator: "as buildAuthenticator",
  jwtAuthenticator: "as buildAuthenticator",
  nkeyAuthenticator: "as buildAuthenticator",
  tokenAuthenticator: "as buildAuthenticator",
  usernamePasswordAuthenticator: "as buildAuthenticator",
  errors: "constructors take facts (subject, bound, operation) instead of a message; instances fit",
  InvalidArgumentError: "as errors",
  InvalidSubjectError: "as errors",
  PermissionViolationError: "as errors",
  AuthorizationError: "as errors",
  UserAuthenticationExpiredError: "as errors",
  TimeoutError: "as errors",
  ProtocolError: "as errors",
  wsconnect: "resolves with our NatsConnection, see the types",
} as const;

/** Types we do not have under their name, and why. */
const missingTypes = {
  Backoff: "the connection's own kind of backoff has that name; see AttemptBackoff",
  BenchOpts: "as Bench",
  Codec: "payloads are bytes or text; JetStream's key-value store uses it",
  JwtAuth: "Auth has all its fields",
  NKeyAuth: "as JwtAuth",
  TokenAuth: "as JwtAuth",
  UserPass: "as JwtAuth",
  Nanos: "number",
  Perf: "as Bench",
  QueuedIterator: "of JetStream's consumers",
  ReviverFn: "that of JSON.parse",
  SubOpts: "SubscriptionOptions",
  Timeout: "timeouts are options with a signal beside them",
  WithRequired: "of JetStream's options",
} as const;

/** What a program gets from us, and must be able to use as theirs. */
interface Given {
  Auth: [Ours.Auth, Theirs.Auth];
  ClientPingStatus: [Ours.ClientPingStatus, Theirs.ClientPingStatus];
  CloseStatus: [Ours.CloseStatus, Theirs.CloseStatus];
  ClusterUpdateStatus: [Ours.ClusterUpdateStatus, Theirs.ClusterUpdateStatus];
  Deferred: [Ours.Deferred<number>, Theirs.Deferred<number>];
  Delay: [Ours.Delay, Theirs.Delay];
  DisconnectStatus: [Ours.DisconnectStatus, Theirs.DisconnectStatus];
  ForceReconnectStatus: [Ours.ForceReconnectStatus, Theirs.ForceReconnectStatus];
  LDMStatus: [Ours.LDMStatus, Theirs.LDMStatus];
  Msg: [Ours.Msg, Theirs.Msg];
  MsgHdrs: [Ours.MsgHdrs, Theirs.MsgHdrs];
  NatsConnection: [Ours.NatsConnection, Theirs.NatsConnection];
  ReconnectStatus: [Ours.ReconnectStatus, Theirs.ReconnectStatus];
  ReconnectingStatus: [Ours.ReconnectingStatus, Theirs.ReconnectingStatus];
  Server: [Ours.Server, Theirs.Server];
  ServerErrorStatus: [Ours.ServerErrorStatus, Theirs.ServerErrorStatus];
  ServerInfo: [Ours.ServerInfo, Theirs.ServerInfo];
  ServersChanged: [Ours.ServersChanged, Theirs.ServersChanged];
  SlowConsumerStatus: [Ours.SlowConsumerStatus, Theirs.SlowConsumerStatus];
  StaleConnectionStatus: [Ours.StaleConnectionStatus, Theirs.StaleConnectionStatus];
  Stats: [Ours.Stats, Theirs.Stats];
  Status: [Ours.Status, Theirs.Status];
  Subscription: [Ours.Subscription, Theirs.Subscription];
  SyncIterator: [Ours.SyncIterator<number>, Theirs.SyncIterator<number>];
}

/** What a program gives to us: theirs must be good enough. */
interface Taken {
  Authenticator: [Theirs.Authenticator, Ours.Authenticator];
  ConnectionOptions: [Theirs.ConnectionOptions, Ours.ConnectionOptions];
  MsgCallback: [Theirs.MsgCallback<Ours.Msg>, Ours.MsgCallback];
  NoAuth: [Theirs.NoAuth, Ours.NoAuth];
  Payload: [Theirs.Payload, Ours.Payload];
  PublishOptions: [Theirs.PublishOptions, Ours.PublishOptions];
  Publisher: [Theirs.Publisher, Ours.Publisher];
  ReconnectToServerHandler: [Theirs.ReconnectToServerHandler, Ours.ReconnectToServerHandler];
  RequestManyOptions: [Theirs.RequestManyOptions, Ours.RequestManyOptions];
  RequestOptions: [Theirs.RequestOptions, Ours.RequestOptions];
  RequestStrategy: [Theirs.RequestStrategy, Ours.RequestStrategy];
  SubscriptionOptions: [Theirs.SubscriptionOptions, Ours.SubscriptionOptions];
  TlsOptions: [Theirs.TlsOptions, Ours.TlsOptions];
  WsConnectionOptions: [Theirs.WsConnectionOptions, Ours.WsConnectionOptions];
  WsSocketFactory: [Theirs.WsSocketFactory, Ours.WsSocketFactory];
}

/** Types that do not fit, and why. */
const differentTypes = {
  Auth: "one type with every field optional instead of a union",
  Msg: "reply may be present and undefined, which matters under exactOptionalPropertyTypes only",
  NatsConnection: "follows from headers and Subscription",
  PublishOptions: HEADERS,
  Publisher: "publish() returns a boolean, and headers",
  RequestManyOptions: HEADERS,
  RequestOptions: HEADERS,
  ServerInfo: "client_id is optional: servers need not send it",
  SlowConsumerStatus: "as Subscription",
  Status: "disconnect and close say why, new events stand beside theirs; slowConsumer as Subscription",
  Subscription: "callback is undefined on a subscription without one",
  SubscriptionOptions: "as Msg",
} as const;

type Misfits<Pairs> = {
  [K in keyof Pairs]: Pairs[K] extends [infer From, infer To] ? ([From] extends [To] ? never : K) : K;
}[keyof Pairs];
type MisfitValues = {
  [K in keyof typeof theirs & keyof typeof ours]: (typeof ours)[K] extends (typeof theirs)[K] ? never : K;
}[keyof typeof theirs & keyof typeof ours];
type MisfitErrors = {
  [K in keyof typeof theirs.errors]: InstanceType<(typeof ours.errors)[K]> extends InstanceType<
    (typeof theirs.errors)[K]
  >
    ? never
    : K;
}[keyof typeof theirs.errors];

/** `"none"` when `Found` has exactly the members of `Listed`, else those that differ. */
type Unlisted<Found, Listed> = [Exclude<Found, Listed> | Exclude<Listed, Found>] extends [never]
  ? "none"
  : Exclude<Found, Listed> | Exclude<Listed, Found>;

// A CommonJS module seen from here has a `default` too, which is the module itself.
type Absent = Exclude<keyof typeof theirs, keyof typeof ours | "default" | "module.exports">;

const verdicts: {
  readonly absentValues: Unlisted<Absent, keyof typeof missingValues>;
  readonly misfitValues: Unlisted<MisfitValues, keyof typeof differentValues>;
  readonly misfitErrors: Unlisted<MisfitErrors, never>;
  readonly misfitTypes: Unlisted<Misfits<Given> | Misfits<Taken>, keyof typeof differentTypes>;
} = { absentValues: "none", misfitValues: "none", misfitErrors: "none", misfitTypes: "none" };

it("has every value of nats.js core with a type that fits, or a reason", () => {
  expect(new Set(Object.values(verdicts))).toEqual(new Set(["none"]));
  const absent = Object.keys(theirs).filter((name) => !(name in ours) && !["default", "module.exports"].includes(name));
  expect(absent.sort()).toEqual(Object.keys(missingValues).sort());
});

it("looks at every type of nats.js core", () => {
  const declarations = join(dirname(createRequire(import.meta.url).resolve("@nats-io/nats-core")), "mod.d.ts");
  const [, list = ""] = /export type \{([^}]*)\}/.exec(readFileSync(declarations, "utf8")) ?? [];
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const own = readFileSync(new URL(import.meta.url), "utf8");
  const paired = [...own.matchAll(/^ {2}(\w+): \[(?:Ours|Theirs)\./gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(40);
  expect([...paired, ...Object.keys(missingTypes)].sort()).toEqual(names.sort());
});

it("gives every difference a reason", () => {
  for (const list of [missingValues, differentValues, missingTypes, differentTypes]) {
    for (const reason of Object.values(list)) expect(String(reason).length).toBeGreaterThan(5);
  }
});
