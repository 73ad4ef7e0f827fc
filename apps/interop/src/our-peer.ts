// Our client behind the interface of a peer, in this process, as an application uses it.

import {
  connect,
  type Msg,
  type MsgHdrs,
  headers as makeHeaders,
  type NatsConnection,
  NoRespondersError,
  type Subscription,
  TimeoutError,
} from "myelin";
import {
  type HeaderList,
  type Peer,
  type PeerConnection,
  PeerError,
  type PeerMessage,
  type PeerSubscription,
  type PublishOptions,
  type RequestOptions,
  type SubscribeOptions,
} from "./peer.js";

const EMPTY = new Uint8Array();

/** Myelin from source. */
export const ours: Peer = {
  name: "Myelin",
  description: `Myelin from source on node ${process.versions.node}`,
  traits: { severalValues: true, nameOrder: true, writesStatus: true, drainWaits: true },
  async connect({ servers, noEcho = false }) {
    return new OurConnection(await connect({ servers, noEcho }));
  },
  stop: () => Promise.resolve(),
};

class OurConnection implements PeerConnection {
  constructor(private readonly nc: NatsConnection) {}

  async subscribe(subject: string, options: SubscribeOptions = {}): Promise<PeerSubscription> {
    const { queue, max, respond } = options;
    const messages: PeerMessage[] = [];
    const subscription: Subscription = this.nc.subscribe(subject, {
      queue,
      max,
      callback: (error, msg) => {
        if (error !== null) throw error;
        messages.push(peerMessage(msg));
        if (respond === undefined) return;
        if (respond.data === undefined) msg.respond(msg.data, { headers: msg.headers });
        else msg.respond(respond.data, { headers: respond.headers && ourHeaders(respond.headers) });
      },
    });
    await this.nc.flush();
    return {
      messages,
      unsubscribe: async (after) => {
        subscription.unsubscribe(after);
        await this.nc.flush();
      },
      drain: async () => void (await subscription.drain()),
    };
  }

  async publish(subject: string, data: Uint8Array = EMPTY, options: PublishOptions = {}): Promise<void> {
    const { reply, headers, status, description } = options;
    const some = headers !== undefined || status !== undefined;
    this.nc.publish(subject, data, { reply, headers: some ? ourHeaders(headers, status, description) : undefined });
  }

  async burst(subject: string, first: number, count: number): Promise<void> {
    for (let i = first; i < first + count; i++) this.nc.publish(subject, String(i));
  }

  request(subject: string, data: Uint8Array, { headers, timeout }: RequestOptions): Promise<PeerMessage> {
    return reported(async () => {
      const answer = await this.nc.request(subject, data, { timeout, headers: headers && ourHeaders(headers) });
      return peerMessage(answer);
    });
  }

  requestMany(
    subject: string,
    data: Uint8Array,
    { count, timeout }: { readonly count: number; readonly timeout: number },
  ): Promise<readonly PeerMessage[]> {
    return reported(async () => {
      const answers: PeerMessage[] = [];
      const found = await this.nc.requestMany(subject, data, { maxMessages: count, maxWait: timeout });
      for await (const msg of found) answers.push(peerMessage(msg));
      return answers;
    });
  }

  flush(): Promise<void> {
    return this.nc.flush();
  }

  drain(): Promise<void> {
    return this.nc.drain();
  }

  close(): Promise<void> {
    return this.nc.close();
  }
}

async function reported<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NoRespondersError) throw new PeerError("no-responders", error.message);
    if (error instanceof TimeoutError) throw new PeerError("timeout", error.message);
    throw error;
  }
}

function ourHeaders(list: HeaderList = [], status = 0, description = ""): MsgHdrs {
  const made = makeHeaders(status, description);
  for (const [name, values] of list) for (const value of values) made.append(name, value);
  return made;
}

function peerMessage({ subject, reply, data, headers }: Msg): PeerMessage {
  return {
    subject,
    reply,
    data: data.slice(),
    headers: headers === undefined ? [] : [...headers],
    status: headers?.code ?? 0,
    description: headers?.description ?? "",
  };
}
