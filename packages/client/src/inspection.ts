// How objects with private fields look in the consoles of Node, Deno and Bun, which show nothing of such fields: the facts that a person
// looks for. In browsers, whose consoles show getters, it has no effect. Not part of the classes: whatever a class does when it is made
// keeps it in bundles of programs that never use it.

import { DecodedMessage, MsgHdrs } from "@myelin/protocol";
import { Subscription } from "./messaging/subscription.js";
import { NatsConnection } from "./nats-connection.js";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Bytes of a payload that are shown. */
const MOST_SHOWN = 128;

type Inspect = (value: unknown, options: object) => string;
type Facts = Readonly<Record<string, unknown>>;

/** Makes consoles show connections, subscriptions, messages and headers; may be called again. */
export function showInConsoles(): void {
  if (Object.hasOwn(NatsConnection.prototype, INSPECT)) return;
  shownAs(NatsConnection, "NatsConnection", (one) => one.toJSON());
  shownAs(Subscription, "Subscription", (one) => one.toJSON());
  shownAs(DecodedMessage, "Msg", ({ data, headers, reply, sid, subject }) => ({
    subject,
    reply,
    sid,
    headers,
    data: shown(data),
  }));
  shownAs(MsgHdrs, "MsgHdrs", (one) => ({ status: one.code === 0 ? undefined : one.status, ...one.toRecord() }));
}

function shownAs<T extends object>(type: { readonly prototype: T }, name: string, facts: (one: T) => Facts): void {
  const value = function (this: T, _depth: number, options: object, inspect: Inspect): string {
    try {
      const told = Object.entries(facts(this)).filter(([, fact]) => fact !== undefined);
      return `${name} ${inspect(Object.fromEntries(told), options)}`;
    } catch {
      // Such as the prototype, which has no facts, or headers that cannot be read.
      return `${name} {}`;
    }
  };
  Object.defineProperty(type.prototype, INSPECT, { value });
}

// Text as far as it fits into a line; bytes that are none as they are.
function shown(data: Uint8Array): string | Uint8Array {
  const text = new TextDecoder().decode(data.subarray(0, MOST_SHOWN)).replace(/\uFFFD$/, "");
  if (text.includes("\uFFFD") || (text === "" && data.length > 0)) return data;
  return data.length > MOST_SHOWN ? `${text}… (${data.length} bytes)` : text;
}
