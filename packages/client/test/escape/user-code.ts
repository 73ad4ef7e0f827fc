// User code that misbehaves wherever the client calls it (D13): throws, rejects, answers a promise where none is expected, calls
// back into the connection from inside an event. Rows like those of the public calls, and options for whole connections.

import { InvalidArgumentError, TransportError } from "@myelin/contracts";
import {
  CallbackError,
  ClosedConnectionError,
  ConnectError,
  ConnectionError,
  type ConnectionOptions,
  DisconnectedError,
  DrainError,
  DrainingConnectionError,
  InvalidOperationError,
  logTo,
  type NatsConnection,
  NoRespondersError,
  ProtocolError,
  ReconnectBufferFullError,
  StaleConnectionError,
  type StatusType,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "../../src/index.js";
import { type Call, MINE, OUTLANDISH, type Row } from "./calls.js";

const ENDED: Row["fails"] = [ClosedConnectionError, DrainingConnectionError];
const NOT_SENT: Row["fails"] = [...ENDED, DisconnectedError, ReconnectBufferFullError];

// process() tells what ended the connection, as `closed()` does.
const CONNECTION_ENDED: Row["fails"] = [
  ConnectError,
  ConnectionError,
  ProtocolError,
  StaleConnectionError,
  TransportError,
  UserAuthenticationExpiredError,
];

const throws =
  (thrown: unknown = MINE) =>
  (): never => {
    throw thrown;
  };
// biome-ignore lint/suspicious/noThenProperty: that is the point
const badThenable = { then: throws() };
const rejects =
  (thrown: unknown = MINE) =>
  async (): Promise<never> => {
    throw thrown;
  };

const LOUD: readonly StatusType[] = ["ping", "disconnect", "reconnecting", "attemptFailed", "reconnect", "error"];
const EVENTS: readonly StatusType[] = [
  ...LOUD,
  "update",
  "handover",
  "staleConnection",
  "forceReconnect",
  "dropped",
  "close",
];

/** Subscribes with this callback, and sends it something. */
const calledBack =
  (callback: () => unknown): Call =>
  ({ keep, nc }) => {
    keep(nc.subscribe("news", { callback }));
    nc.publish("news", "for you");
  };

/** What a caller may do from inside an event. */
const reactions: readonly ((nc: NatsConnection) => unknown)[] = [
  (nc) => nc.close(),
  (nc) => nc.drain(),
  (nc) => nc.reconnect(),
  (nc) => nc.reconnect({ graceful: true }),
  (nc) => nc.setServers(nc.getServers().map((server) => server.url.href)),
  (nc) => nc.publish("news", "from an event"),
  (nc) => nc.subscribe("news"),
  (nc) => nc.flush(),
];

/** Once, or it would answer its own events for ever. */
const reacting =
  (type: StatusType, react: (nc: NatsConnection) => unknown): Call =>
  ({ nc }) => {
    const stop = nc.on(type, () => {
      stop();
      return react(nc);
    });
  };

const hostile = (name: string): object => ({
  get [name](): never {
    throw MINE;
  },
});

export const userCode: { readonly [name: string]: Row } = {
  "a callback throws": {
    fails: NOT_SENT,
    calls: [...OUTLANDISH.map((thrown) => calledBack(throws(thrown)))],
  },
  "a callback rejects": {
    fails: NOT_SENT,
    calls: [
      ...OUTLANDISH.map((thrown) => calledBack(rejects(thrown))),
      calledBack(() => badThenable),
      calledBack(() => hostile("then")),
    ],
  },
  "a handler of process() throws": {
    fails: [...NOT_SENT, InvalidOperationError, ...CONNECTION_ENDED],
    calls: [
      ({ nc }) => handled(nc, throws()),
      ({ nc }) => handled(nc, rejects()),
      ({ nc }) => handled(nc, rejects(Object.create(null))),
      ({ nc }) => handled(nc, () => badThenable),
      ({ nc }) => handled(nc, () => {}, throws()),
      ({ nc }) => handled(nc, () => {}, rejects()),
    ],
  },
  "a sentinel throws": {
    fails: [...NOT_SENT, CallbackError, NoRespondersError],
    calls: [
      ...[throws(), throws(Object.create(null)), rejects() as never, (() => badThenable) as never].map(
        (sentinel): Call =>
          ({ nc, own }) =>
            own(async () => {
              for await (const _ of await nc.requestMany("echo", "q", { sentinel, maxWait: 60 }));
            }),
      ),
    ],
  },
  "a listener throws": {
    fails: [],
    calls: [
      ({ nc }) => EVENTS.map((type) => nc.on(type, throws())),
      ({ nc }) => EVENTS.map((type) => nc.on(type, throws(Object.create(null)))),
      ({ nc }) => EVENTS.map((type) => nc.on(type, rejects())),
      ({ nc }) => EVENTS.map((type) => nc.on(type, () => badThenable)),
    ],
  },
  "a listener calls back": {
    fails: [...ENDED, DrainError],
    calls: EVENTS.flatMap((type) => reactions.map((react) => reacting(type, react))),
  },
  "options throw when read": {
    fails: [...NOT_SENT, InvalidArgumentError, NoRespondersError, TimeoutError],
    calls: [
      ({ nc }) => nc.publish("news", "x", hostile("reply")),
      ({ nc }) => nc.publishConfirmed("news", "x", hostile("timeout")),
      ({ nc }) => nc.flush(hostile("signal")),
      ({ nc }) => nc.rtt(hostile("timeout")),
      ({ nc }) => nc.request("echo", "x", hostile("retry")),
      ({ nc }) => nc.request("echo", "x", { noMux: true, ...later("signal") }),
      ({ nc }) => nc.requestMany("echo", "x", hostile("sentinel")),
      ({ nc }) => nc.requestMany("echo", "x", later("signal")),
      ({ nc }) => nc.subscribe("news", hostile("max")),
      ({ nc }) => nc.subscribe("news", later("max")),
      ({ nc }) => nc.subscribe("news", later("queue")),
      ({ nc }) => nc.drain(hostile("timeout")),
      ({ sub }) => sub.process(() => {}, hostile("key")),
      ({ dial }) => dial(hostile("servers")),
      ({ dial }) => dial({ strategy: hostile("rank") as never }),
    ],
  },
};

/** Options under which the client calls the user's code, which misbehaves; the connection comes to be all the same. */
export const hostileOptions: { readonly [name: string]: () => ConnectionOptions } = {
  "a log throws": () => ({ log: logTo(throws(), { level: "trace" }) }),
  "a log rejects": () => ({ log: logTo(rejects(), { level: "trace" }) }),
  "a strategy throws": () => ({ strategy: { name: "bad", rank: throws() } }),
  "a strategy answers a promise": () => ({ strategy: { name: "async", rank: rejects() as never } }),
  "a strategy answers nonsense": () => ({ strategy: { name: "nonsense", rank: () => [{ id: 99 }] as never } }),
  "a gossip filter throws": () => ({ gossip: throws() }),
  "a gossip filter answers a promise": () => ({ gossip: rejects() as never }),
  "a reconnectDelayHandler throws": () => ({ reconnectDelayHandler: throws() }),
  "a reconnectDelayHandler throws what cannot be printed": () => ({
    reconnectDelayHandler: throws(Object.create(null)),
  }),
  "a reconnectDelayHandler answers a promise": () => ({ reconnectDelayHandler: rejects() as never }),
  "resolveServers throws": () => ({ resolveServers: throws() }),
  "resolveServers rejects with what cannot be printed": () => ({ resolveServers: rejects(Object.create(null)) }),
  "resolveServers answers a bad thenable": () => ({ resolveServers: () => badThenable as never }),
  "resolveServers answers what throws when read": () => ({ resolveServers: () => hostile("length") as never }),
  "resolveServers never answers": () => ({ resolveServers: () => new Promise(() => {}) }),
  "an authenticator throws now and then": () => ({ authenticator: sometimes(throws()) }),
  "an authenticator rejects now and then": () => ({ authenticator: sometimes(rejects()) }),
  "an authenticator throws what cannot be printed": () => ({ authenticator: sometimes(throws(Object.create(null))) }),
  "an authenticator answers a bad thenable": () => ({ authenticator: sometimes((() => badThenable) as never) }),
  "an authenticator answers what throws when read": () => ({ authenticator: sometimes(() => hostile("user")) }),
  "an authenticator never answers now and then": () => ({ authenticator: sometimes(() => new Promise(() => {})) }),
};

async function handledBy(nc: NatsConnection, handler: () => unknown, key?: () => unknown): Promise<void> {
  const sub = nc.subscribe("news", { max: 1 });
  nc.publish("news", "for you");
  await sub.process(handler, { key });
}

function handled(...given: Parameters<typeof handledBy>): Promise<void> {
  const work = handledBy(...given);
  work.catch(() => {});
  return work;
}

/** Readable once, or a few times: what was checked may throw when it is read again. */
function later(name: string): object {
  let reads = 0;
  return {
    get [name](): unknown {
      reads++;
      if (reads > 1) throw MINE;
      return undefined;
    },
  };
}

/** The first attempt works, of the others every second one. */
function sometimes<T>(bad: () => T): (nonce?: string) => T | object {
  let calls = 0;
  return (_nonce) => {
    calls++;
    return calls % 2 === 0 ? bad() : {};
  };
}
