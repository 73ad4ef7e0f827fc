// What calls work with, on a connection that is given, in simulated time or real: its subscriptions, a message, signals.

import type { Clock } from "@myelin/contracts";
import { Decoder } from "@myelin/protocol";
import { type ConnectionOptions, Msg, type NatsConnection, type Subscription } from "../../src/index.js";
import { ABORTED, type Scene } from "./calls.js";
import type { Ledger } from "./ledger.js";

/** Everything is over quickly, so that a fault of a few hundred milliseconds is a long one. */
export const QUICK: ConnectionOptions = {
  timeout: 200,
  pingInterval: 200,
  maxPingOut: 1,
  reconnectTimeWait: 50,
  reconnectJitter: 10,
  reconnectBufferSize: 50_000,
  drainTimeout: 400,
};

/** Whose scene it is. */
export interface Setting {
  readonly nc: NatsConnection;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly random: () => number;
  /** The list it was connected with. */
  readonly servers: string;
  /** Gets everything that is subscribed to be kept. */
  readonly subscriptions: Subscription[];
  dial(options: ConnectionOptions): Promise<NatsConnection>;
}

/** A scene with a subscription of each kind: one that answers, one that is iterated, one nobody reads. */
export function sceneOf({ clock, dial, ledger, nc, random, servers, subscriptions }: Setting): Scene {
  const read = nc.subscribe("news");
  subscriptions.push(
    nc.subscribe("echo", { callback: (_, message) => void message?.respond(message.data) }),
    nc.subscribe("news"),
    read,
  );
  // A loop of the caller's, who knows that it may end with an error.
  const loop = async (): Promise<void> => {
    for await (const _ of read);
  };
  loop().catch(() => {});
  nc.publish("news", "early", { whileDisconnected: "drop" });
  return {
    nc,
    clock,
    servers,
    msg: messageFor(nc),
    get sub(): Subscription {
      const sub = subscriptions[Math.floor(random() * subscriptions.length)];
      if (sub === undefined) throw new Error("there is no subscription");
      return sub;
    },
    signal: () => ledger.signal(),
    aborted: () => AbortSignal.abort(ABORTED),
    keep: (sub) => {
      subscriptions.push(sub);
      return sub;
    },
    own: (work) => {
      const running = work();
      running.catch(() => {});
      return running;
    },
    dial,
  };
}

function messageFor(nc: NatsConnection): Msg {
  const decoder = new Decoder({ from: "server" });
  decoder.push(new TextEncoder().encode("MSG news 1 reply 5\r\nhello\r\n"));
  decoder.next();
  return new Msg(decoder, nc);
}
