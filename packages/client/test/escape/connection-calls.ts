// Every member of NatsConnection, how it is called, and what it may fail with. A new member without a row does not compile.

import { InvalidArgumentError, TransportError } from "@myelin/contracts";
import {
  AuthorizationError,
  CallbackError,
  ClosedConnectionError,
  ConnectError,
  ConnectionError,
  DisconnectedError,
  DrainError,
  DrainingConnectionError,
  headers,
  InvalidOperationError,
  InvalidSubjectError,
  MaxPayloadError,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  ProtocolError,
  ReconnectBufferFullError,
  StaleConnectionError,
  type Status,
  type StatusType,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "../../src/index.js";
import { type Call, type ErrorClass, type Row, TOO_LARGE } from "./calls.js";

const never: Row["fails"] = [];
const reads = (...calls: Call[]): Row => ({ fails: never, calls });

const ENDED: readonly ErrorClass[] = [ClosedConnectionError, DrainingConnectionError];
const REFUSED: readonly ErrorClass[] = [
  ...ENDED,
  InvalidSubjectError,
  InvalidArgumentError,
  MaxPayloadError,
  ReconnectBufferFullError,
  DisconnectedError,
];
const ASKED: readonly ErrorClass[] = [...REFUSED, NoRespondersError, TimeoutError, PermissionViolationError];
const WAITED: readonly ErrorClass[] = [ClosedConnectionError, DisconnectedError, TimeoutError, InvalidArgumentError];

const NOT_MOVED: readonly ErrorClass[] = [
  StaleConnectionError,
  UserAuthenticationExpiredError,
  AuthorizationError,
  CallbackError,
  ConnectionError,
  ProtocolError,
  TimeoutError,
  TransportError,
];

const EVENTS: readonly StatusType[] = [
  "connect",
  "disconnect",
  "reconnecting",
  "attemptFailed",
  "reconnect",
  "update",
  "ldm",
  "handover",
  "error",
  "ping",
  "staleConnection",
  "forceReconnect",
  "slowConsumer",
  "dropped",
  "close",
];

export const connectionCalls: { readonly [name in keyof NatsConnection]: Row } = {
  state: reads(({ nc }) => nc.state),
  info: reads(({ nc }) => nc.info),
  isClosed: reads(({ nc }) => nc.isClosed()),
  isDraining: reads(({ nc }) => nc.isDraining()),
  getServer: reads(({ nc }) => nc.getServer()),
  toJSON: reads(({ nc }) => nc.toJSON()),
  getServers: reads(({ nc }) => nc.getServers()),
  history: reads(({ nc }) => nc.history().join()),
  stats: reads(({ nc }) => nc.stats()),
  bufferedBytes: reads(({ nc }) => nc.bufferedBytes),
  closed: reads(({ nc }) => nc.closed()),
  ready: { fails: [ClosedConnectionError, ConnectError], calls: [({ nc }) => nc.ready] },
  setServers: {
    fails: [InvalidArgumentError, ClosedConnectionError],
    calls: [
      ({ nc, servers }) => nc.setServers(servers),
      ({ nc }) => nc.setServers([]),
      ({ nc }) => nc.setServers("gopher://a"),
      ({ nc }) => nc.setServers(undefined as never),
    ],
  },
  status: {
    fails: never,
    calls: [
      ({ nc, own }) => own(() => seen(nc.status())),
      ({ nc, own }) =>
        own(async () => {
          for await (const _ of nc.status()) break;
        }),
      ({ nc }) => nc.status().next(),
      ({ nc }) => {
        const events = nc.status();
        return [events.next(), events.next(), events.return?.(), events.next()];
      },
    ],
  },
  on: {
    fails: [InvalidArgumentError],
    calls: [
      ({ nc }) => EVENTS.map((type) => nc.on(type, () => {})),
      ({ nc }) => EVENTS.map((type) => nc.on(type, () => {})()),
      ({ nc }) => nc.on("error", undefined as never),
    ],
  },
  publish: {
    fails: REFUSED,
    calls: [
      ({ nc }) => nc.publish("news", "payload"),
      ({ nc }) => nc.publish("news", new Uint8Array(20_000)),
      ({ nc }) => nc.publish("news", TOO_LARGE),
      ({ nc }) => nc.publish("news", "h", { headers: headers(), reply: "reply" }),
      ({ nc }) => nc.publish("news", "d", { whileDisconnected: "drop" }),
      ({ nc }) => nc.publish("news", "r", { whileDisconnected: "reject" }),
      ({ nc }) => nc.publish("news", "t", { traceDestination: "trace", traceOnly: true }),
      ({ nc }) => nc.publish("denied", "x"),
      ({ nc }) => nc.publish("a b", "never"),
      ({ nc }) => nc.publish("news", 42 as never),
    ],
  },
  publishMessage: { fails: REFUSED, calls: [({ msg, nc }) => nc.publishMessage(msg)] },
  respondMessage: { fails: REFUSED, calls: [({ msg, nc }) => nc.respondMessage(msg)] },
  publishConfirmed: {
    fails: [...REFUSED, TimeoutError, PermissionViolationError],
    calls: [
      ({ nc }) => nc.publishConfirmed("news", "sure"),
      ({ nc }) => nc.publishConfirmed("news", "soon", { timeout: 30 }),
      ({ nc, signal }) => nc.publishConfirmed("news", "s", { signal: signal() }),
      ({ aborted, nc }) => nc.publishConfirmed("news", "a", { signal: aborted(), timeout: 50 }),
      ({ nc }) => nc.publishConfirmed("denied", "x"),
      ({ nc }) => nc.publishConfirmed("a b", "never"),
      ({ nc }) => nc.publishConfirmed("news", "x", { timeout: -1 }),
      ({ nc }) => nc.publishConfirmed("news", "x", { timeout: 50, signal: {} as AbortSignal }),
    ],
  },
  writable: { fails: WAITED, calls: [({ nc }) => nc.writable()] },
  flush: {
    fails: WAITED,
    calls: [
      ({ nc }) => nc.flush(),
      ({ nc }) => nc.flush({ timeout: 30 }),
      ({ nc, signal }) => nc.flush({ timeout: 900, signal: signal() }),
      ({ aborted, nc }) => nc.flush({ signal: aborted() }),
      ({ nc }) => nc.flush({ timeout: Number.NaN }),
      ({ nc }) => nc.flush({ timeout: 50, signal: {} as AbortSignal }),
    ],
  },
  rtt: {
    fails: WAITED,
    calls: [
      ({ nc }) => nc.rtt(),
      ({ nc, signal }) => nc.rtt({ timeout: 40, signal: signal() }),
      ({ nc }) => nc.rtt({ timeout: "5" as never }),
    ],
  },
  subscribe: {
    fails: [...ENDED, InvalidSubjectError, InvalidArgumentError],
    calls: [
      ({ keep, nc }) => keep(nc.subscribe("news", { callback: () => {} })),
      ({ keep, nc }) => keep(nc.subscribe("news")),
      ({ keep, nc }) => keep(nc.subscribe("news.*", { queue: "q", max: 2 })),
      ({ keep, nc, signal }) => keep(nc.subscribe("news", { signal: signal(), timeout: 700 })),
      ({ aborted, nc }) => nc.subscribe("news", { signal: aborted(), timeout: 50 }),
      ({ keep, nc }) => keep(nc.subscribe("forbidden", { callback: () => {} })).closed,
      ({ keep, nc }) => keep(nc.subscribe("quiet", { timeout: 20, callback: () => {} })).closed,
      ({ nc }) => nc.subscribe("a..b"),
      ({ nc }) => nc.subscribe("news", { timeout: -1 }),
      ({ nc }) => nc.subscribe("news", { timeout: 50, max: 0.5 }),
      ({ nc }) => nc.subscribe("news", { callback: 42 as never }),
      ({ nc }) => nc.subscribe("news", { timeout: 50, signal: {} as AbortSignal }),
    ],
  },
  request: {
    fails: [...ASKED, InvalidOperationError],
    calls: [
      ({ nc }) => nc.request("echo", "q", { timeout: 100 }),
      ({ nc }) => nc.request("nobody", "q", { timeout: 100 }),
      ({ nc }) => nc.request("news", "q", { timeout: 100 }),
      ({ nc }) => nc.request("echo", "q", { timeout: 100, noMux: true }),
      ({ nc }) => nc.request("news", "q", { timeout: 60, noMux: true, reply: "to.me" }),
      ({ nc }) => nc.request("echo", "q", { timeout: 300, retry: { attempts: 3, wait: 20 } }),
      ({ nc, signal }) => nc.request("nobody", "q", { timeout: 900, retry: { attempts: 9 }, signal: signal() }),
      ({ nc, signal }) => nc.request("news", "q", { timeout: 900, signal: signal() }),
      ({ nc, signal }) => nc.request("news", "q", { timeout: 900, noMux: true, signal: signal() }),
      ({ aborted, nc }) => nc.request("echo", "q", { timeout: 900, signal: aborted() }),
      ({ nc }) => nc.request("denied", "q", { timeout: 100 }),
      ({ nc }) => nc.request("a b", "q", { timeout: 100 }),
      ({ nc }) => nc.request("echo", TOO_LARGE, { timeout: 100 }),
      ({ nc }) => nc.request("echo", "q", { timeout: 50, signal: {} as AbortSignal }),
    ],
  },
  requestMany: {
    fails: ASKED,
    calls: [
      ({ nc, own }) => own(async () => seen(await nc.requestMany("echo", "", { maxWait: 80 }))),
      ({ nc, own }) => own(async () => seen(await nc.requestMany("echo", "", { maxWait: 400, stall: 30 }))),
      ({ nc, own }) => own(async () => seen(await nc.requestMany("echo", "", { maxMessages: 1, strategy: "count" }))),
      ({ nc, own }) => own(async () => seen(await nc.requestMany("echo", "", { strategy: "sentinel", maxWait: 90 }))),
      ({ nc, own }) => own(async () => seen(await nc.requestMany("nobody", "", { maxWait: 80 }))),
      ({ nc, own }) => own(async () => seen(await nc.requestMany("denied", "", { maxWait: 80 }))),
      ({ nc, own, signal }) =>
        own(async () => seen(await nc.requestMany("news", "", { maxWait: 900, signal: signal() }))),
      ({ nc, own }) =>
        own(async () => {
          for await (const _ of await nc.requestMany("echo", "")) break;
        }),
      // Nobody iterates.
      ({ nc }) => nc.requestMany("echo", "", { maxWait: 80 }),
      ({ nc, own }) =>
        own(async () => {
          const iterator = (await nc.requestMany("echo", "", { maxWait: 60 }))[Symbol.asyncIterator]();
          await Promise.all([iterator.next(), iterator.return?.(), iterator.next()]);
        }),
      ({ nc }) => nc.requestMany("echo", "", { maxWait: -1 }),
      ({ nc }) => nc.requestMany("a b"),
      ({ aborted, nc }) => nc.requestMany("echo", "", { signal: aborted() }),
      ({ nc }) => nc.requestMany("echo", "", { signal: {} as AbortSignal }),
    ],
  },
  reconnect: {
    // A graceful one fails with what the attempt on the other server did.
    fails: [...ENDED, ...NOT_MOVED, InvalidOperationError],
    calls: [
      ({ nc }) => nc.reconnect(),
      ({ nc }) => nc.reconnect({ graceful: true }),
      ({ nc }) => [nc.reconnect({ graceful: true }), nc.reconnect()],
      ({ nc }) => [nc.reconnect({ graceful: true }), nc.flush({ timeout: 90 }).catch(() => {})],
    ],
  },
  drain: {
    fails: [ClosedConnectionError, DrainError, InvalidArgumentError],
    calls: [
      ({ nc }) => nc.drain(),
      ({ nc }) => [nc.drain({ timeout: 50 }), nc.drain()],
      ({ nc }) => [nc.drain(), nc.close()],
      ({ nc }) => nc.drain({ timeout: 0 }),
    ],
    ends: true,
  },
  close: { fails: never, calls: [({ nc }) => nc.close(), ({ nc }) => [nc.close(), nc.close()]], ends: true },
  [Symbol.asyncDispose]: {
    fails: [DrainError],
    calls: [({ nc }) => nc[Symbol.asyncDispose]()],
    ends: true,
  },
};

async function seen(source: AsyncIterable<unknown> | AsyncIterableIterator<Status>): Promise<void> {
  for await (const _ of source);
}
