// The loops that a whole client is measured with, the same for ours and for nats.js: the two have the same words. A process
// ever sees one of them, so that sharing this code costs neither.

import { setImmediate as turn } from "node:timers/promises";
import { blastSubject, payloadOf, SUBJECT } from "../frames.js";
import { type Contestant, expectCount, type PublishWork, type ReceiveWork } from "../job.js";
import { PER_TURN } from "./amounts.js";

/** The part of a NATS client that is measured. */
export interface NatsClient {
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, msg: { readonly subject: string; readonly data: Uint8Array }) => void },
  ): { unsubscribe(): void };
  publish(subject: string, payload: Uint8Array): unknown;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Publishes between two flushes: the only back-pressure that both clients have. */
const PER_FLUSH = 50_000;

/** Measures a connected client. */
export function clientContestant(client: NatsClient): Contestant {
  return {
    receive: (work) => receive(client, work),
    publish: (work) => publish(client, work),
    close: () => client.close(),
  };
}

function receive(client: NatsClient, { size, messages, read }: ReceiveWork): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    let bytes = 0;
    const finish = (): void => {
      sub.unsubscribe();
      const each = read === "nothing" ? 0 : SUBJECT.length + size;
      try {
        expectCount("bytes read", bytes, messages * each);
        resolve();
      } catch (error) {
        reject(error as Error);
      }
    };
    const sub = client.subscribe(blastSubject(size, messages), {
      callback:
        read === "nothing"
          ? (error) => {
              if (error !== null) reject(error);
              else if (++seen === messages) finish();
            }
          : (error, msg) => {
              if (error !== null) reject(error);
              bytes += msg.subject.length + msg.data.length;
              if (++seen === messages) finish();
            },
    });
  });
}

async function publish(client: NatsClient, { size, messages }: PublishWork): Promise<void> {
  const payload = payloadOf(size);
  for (let sent = 0; sent < messages; ) {
    const end = Math.min(messages, sent + PER_TURN);
    for (; sent < end; sent++) client.publish(SUBJECT, payload);
    if (sent % PER_FLUSH === 0) await client.flush();
    else await turn();
  }
  await client.flush();
}
