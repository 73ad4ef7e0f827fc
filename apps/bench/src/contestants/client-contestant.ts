// A whole client as a contestant, the same for ours and for nats.js: the two have the same words. A process ever sees one of
// them, so that sharing this code costs neither. The loops are in the client-*.ts files beside it.

import { type Contestant, cannot, type Work } from "../job.js";
import type { Notes } from "../notes.js";
import { replay, storm } from "./client-connecting.js";
import { fan } from "./client-fan.js";
import { publish } from "./client-publishing.js";
import { Receiving } from "./client-receiving.js";
import { Requesting } from "./client-requesting.js";

export interface NatsMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { get(name: string): string | undefined } | undefined;
  respond(payload?: Uint8Array): unknown;
}

export type NatsCallback = (error: Error | null, msg: NatsMessage) => void;

export interface NatsSubscription extends AsyncIterable<NatsMessage> {
  getID(): number;
  unsubscribe(): void;
}

/** The part of a NATS client that is measured. */
export interface NatsClient {
  subscribe(subject: string, options?: { callback?: NatsCallback }): NatsSubscription;
  publish(subject: string, payload?: Uint8Array): unknown;
  request(subject: string, payload?: Uint8Array, options?: { timeout: number }): Promise<NatsMessage>;
  flush(): Promise<void>;
  reconnect(): Promise<void>;
  status(): AsyncIterable<{ readonly type: string }>;
  close(): Promise<void>;
  /** Of our client only. */
  writable?(): Promise<void>;
}

export type Dial = () => Promise<NatsClient>;

/** Connects once, and again for work that needs several connections. */
export async function clientContestant(dial: Dial): Promise<Contestant> {
  const client = await dial();
  const receiving = new Receiving(client);
  let requesting: Requesting | undefined;
  const perform = async (work: Work, notes: Notes): Promise<void> => {
    if (work.kind === "receive") return receiving.perform(work);
    if (work.kind === "publish") return publish(client, work);
    if (work.kind === "fan") return fan(dial, work, notes);
    if (work.kind === "storm") return storm(dial, work, notes);
    if (work.kind === "replay") return replay(client, work, notes);
    if (work.kind !== "request") return cannot(work);
    requesting ??= await Requesting.open(client, dial);
    return requesting.perform(work, notes);
  };
  return {
    perform,
    close: async () => {
      await requesting?.close();
      await client.close();
    },
  };
}
