// Every member of Subscription and Msg, and every iterator there is. A new member without a row does not compile.

import { InvalidArgumentError, TransportError } from "@myelin/contracts";
import {
  ClosedConnectionError,
  ConnectError,
  ConnectionError,
  DisconnectedError,
  DrainingConnectionError,
  InvalidOperationError,
  MaxPayloadError,
  type Msg,
  PermissionViolationError,
  ProtocolError,
  ReconnectBufferFullError,
  SlowConsumerError,
  StaleConnectionError,
  type Subscription,
  syncIterator,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "../../src/index.js";
import { type Call, internal, type Row, TOO_LARGE } from "./calls.js";

const reads = (...calls: Call[]): Row => ({ fails: [], calls });
const ENDED: Row["fails"] = [ClosedConnectionError, DrainingConnectionError];

/** What a subscription may have ended with: something of its own, or what ended the connection, as `closed()` tells it. */
const SUBSCRIPTION_ENDED: Row["fails"] = [
  SlowConsumerError,
  TimeoutError,
  PermissionViolationError,
  ConnectError,
  ConnectionError,
  ProtocolError,
  StaleConnectionError,
  TransportError,
  UserAuthenticationExpiredError,
];

export const subscriptionCalls: { readonly [name in keyof Subscription]: Row } = {
  closed: reads(({ sub }) => sub.closed),
  callback: reads(
    ({ sub }) => sub.callback,
    ({ sub }) => {
      if (sub.callback !== undefined) sub.callback = () => {};
    },
  ),
  getSubject: reads(({ sub }) => sub.getSubject()),
  getQueue: reads(({ sub }) => sub.getQueue()),
  getID: reads(({ sub }) => sub.getID()),
  getMax: reads(({ sub }) => sub.getMax()),
  getReceived: reads(({ sub }) => sub.getReceived()),
  getProcessed: reads(({ sub }) => sub.getProcessed()),
  toJSON: reads(({ sub }) => sub.toJSON()),
  getPending: reads(({ sub }) => sub.getPending()),
  getPendingBytes: reads(({ sub }) => sub.getPendingBytes()),
  getDropped: reads(({ sub }) => sub.getDropped()),
  isDraining: reads(({ sub }) => sub.isDraining()),
  isClosed: reads(({ sub }) => sub.isClosed()),
  unsubscribe: {
    fails: [InvalidArgumentError],
    calls: [
      ({ sub }) => sub.unsubscribe(),
      ({ sub }) => sub.unsubscribe(3),
      ({ sub }) => [sub.unsubscribe(9), sub.unsubscribe(4), sub.unsubscribe()],
      ({ sub }) => sub.unsubscribe(-1),
    ],
  },
  drain: {
    fails: [InvalidOperationError, DisconnectedError, ClosedConnectionError, ConnectionError],
    calls: [({ sub }) => sub.drain(), ({ sub }) => [sub.drain(), sub.drain(), sub.unsubscribe()]],
  },
  [Symbol.asyncDispose]: {
    fails: [DisconnectedError, ClosedConnectionError, ConnectionError],
    calls: [({ sub }) => sub[Symbol.asyncDispose]()],
  },
  process: {
    fails: [...SUBSCRIPTION_ENDED, InvalidOperationError, InvalidArgumentError],
    calls: [
      ({ sub }) => sub.process(() => {}),
      ({ sub }) => sub.process(async () => {}, { concurrency: 2, key: (msg) => msg.subject }),
      ({ signal, sub }) => sub.process(() => Promise.resolve(), { signal: signal() }),
      ({ aborted, sub }) => sub.process(() => {}, { signal: aborted() }),
      ({ sub }) => sub.process(() => {}, { concurrency: 0 }),
      ({ sub }) => sub.process(42 as never),
      ({ sub }) => sub.process(() => {}, { signal: {} as AbortSignal }),
    ],
  },
  [Symbol.asyncIterator]: {
    fails: [...SUBSCRIPTION_ENDED, InvalidOperationError],
    calls: [
      ({ own, sub }) =>
        own(async () => {
          for await (const _ of sub);
        }),
      ({ own, sub }) =>
        own(async () => {
          for await (const _ of sub) break;
        }),
      // Left in the middle, with a next() nobody waits for.
      ({ sub }) => {
        const iterator = sub[Symbol.asyncIterator]();
        return [iterator.next(), iterator.return?.()];
      },
      ({ sub }) => sub[Symbol.asyncIterator]().next(),
      // Asked again before it is answered.
      ({ sub }) => {
        const iterator = sub[Symbol.asyncIterator]();
        return [iterator.next(), iterator.next(), iterator.next()];
      },
    ],
  },
  abandon: internal,
  deliver: internal,
  fail: internal,
  finish: internal,
  handled: internal,
  relinked: internal,
};

const MALFORMED = [SyntaxError];

export const messageCalls: { readonly [name in keyof Msg]: Row } = {
  sid: reads(({ msg }) => msg.sid),
  subject: reads(({ msg }) => msg.subject),
  reply: reads(({ msg }) => msg.reply),
  headers: reads(({ msg }) => msg.headers),
  data: reads(({ msg }) => msg.data),
  size: reads(({ msg }) => msg.size),
  status: reads(({ msg }) => msg.status),
  string: reads(({ msg }) => msg.string()),
  json: { fails: MALFORMED, calls: [({ msg }) => msg.json()] },
  respond: {
    fails: [...ENDED, MaxPayloadError, ReconnectBufferFullError, DisconnectedError, InvalidArgumentError],
    calls: [
      ({ msg }) => msg.respond("yes"),
      ({ msg }) => msg.respond(TOO_LARGE),
      ({ msg }) => msg.respond("no", { whileDisconnected: "reject" }),
    ],
  },
};

/** Functions of the package that take a connection's things, or make one. */
export const functionCalls: { readonly [name: string]: Row } = {
  connect: {
    fails: [ConnectError, ClosedConnectionError, InvalidArgumentError],
    calls: [
      ({ dial }) => dial({}),
      ({ dial }) => dial({ firstConnect: "retry", deadline: 400 }),
      ({ dial }) => dial({ firstConnect: "background", maxReconnectAttempts: 1 }),
      ({ dial, signal }) => dial({ firstConnect: "retry", deadline: 600, signal: signal() }),
      ({ aborted, dial }) => dial({ signal: aborted(), deadline: 50 }),
      ({ dial }) => dial({ timeout: -1 }),
      ({ dial }) => dial({ deadline: 50, signal: {} as AbortSignal }),
    ],
  },
  syncIterator: {
    fails: [...SUBSCRIPTION_ENDED, InvalidOperationError, InvalidArgumentError],
    calls: [
      ({ sub }) => syncIterator(sub).next(),
      ({ clock, sub }) => syncIterator(sub, clock).next({ timeout: 30 }),
      ({ clock, sub }) => syncIterator(sub, clock).next({ timeout: -1 }),
      ({ signal, sub }) => {
        const messages = syncIterator(sub);
        return [messages.next(), messages.next({ signal: signal() })];
      },
      ({ aborted, sub }) => syncIterator(sub).next({ signal: aborted() }),
      ({ sub }) => syncIterator(sub).next({ signal: {} as AbortSignal }),
    ],
  },
};
