// The whole table as a flat list, in the order of the files: what the runners go through.

import type { Call, Row } from "./calls.js";
import { connectionCalls } from "./connection-calls.js";
import { functionCalls, messageCalls, subscriptionCalls } from "./receiving-calls.js";
import { userCode } from "./user-code.js";

/** One call of one row. */
export interface Entry {
  /** Such as `NatsConnection.flush #2`. */
  readonly name: string;
  readonly row: Row;
  readonly call: Call;
}

/** The rows by what they belong to; keys are public names, symbols included. */
export const tables: { readonly [owner: string]: { readonly [name: string | symbol]: Row } } = {
  NatsConnection: connectionCalls,
  Subscription: subscriptionCalls,
  Msg: messageCalls,
  myelin: functionCalls,
  "user code": userCode,
};

/** Every call there is. */
export const entries: readonly Entry[] = Object.entries(tables).flatMap(([owner, rows]) =>
  Reflect.ownKeys(rows).flatMap((key) => {
    const row = rows[key as string];
    if (row === undefined) return [];
    const name = typeof key === "symbol" ? `[${key.description}]` : key;
    return row.calls.map((call, index) => ({ name: `${owner}.${name} #${index + 1}`, row, call }));
  }),
);
