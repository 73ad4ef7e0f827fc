// Our clients behind the interface of a peer, in this process, as an application uses them: the full one, and the one for pages, which over
// TCP says the same to a server as over WebSocket.

import * as light from "@myelin/light";
import * as full from "myelin";
import { isNatsError, tcpTransport } from "myelin";
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
export const myelin: Peer = {
  name: "Myelin",
  description: `Myelin from source on node ${process.versions.node}`,
  traits: { severalValues: true, nameOrder: true, writesStatus: true, drainWaits: true, asksMany: true },
  async connect({ servers, noEcho = false }) {
    const nc = await full.connect({ servers, noEcho });
    const requestMany: PeerConnection["requestMany"] = (subject, data, { count, timeout }) =>
      reported(async () => {
        const answers: PeerMessage[] = [];
        const found = await nc.requestMany(subject, data, { maxMessages: count, maxWait: timeout });
        for await (const msg of found) answers.push(peerMessage(msg));
        return answers;
      });
    return new OurConnection(nc, full.headers, requestMany);
  },
  stop: () => Promise.resolve(),
};

/** The client for pages, from source. */
export const myelinLight: Peer = {
  name: "Myelin light",
  description: `@myelin/light from source on node ${process.versions.node}`,
  traits: { severalValues: true, nameOrder: true, writesStatus: false, drainWaits: true, asksMany: false },
  async connect({ servers, noEcho = false }) {
    const nc = await light.connect({ servers: [...servers], noEcho, transports: [tcpTransport()] });
    return new OurConnection(nc, light.headers, () => Promise.reject(new Error("it has no call for many answers")));
  },
  stop: () => Promise.resolve(),
};

/** Both. */
export const ours: readonly Peer[] = [myelin, myelinLight];

/** What both have in common is the whole of the smaller one. */
class OurConnection implements PeerConnection {
  constructor(
    private readonly nc: light.LightConnection,
    private readonly makeHeaders: (code?: number, description?: string) => light.MsgHdrs,
    readonly requestMany: PeerConnection["requestMany"],
  ) {}

  async subscribe(subject: string, options: SubscribeOptions = {}): Promise<PeerSubscription> {
    const { queue, max, respond } = options;
    const messages: PeerMessage[] = [];
    const subscription = this.nc.subscribe(subject, {
      queue,
      max,
      callback: (error, msg) => {
        if (error !== null) throw error;
        messages.push(peerMessage(msg));
        if (respond === undefined) return;
        if (respond.data === undefined) msg.respond(msg.data, { headers: msg.headers });
        else msg.respond(respond.data, { headers: respond.headers && this.#headers(respond.headers) });
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
    this.nc.publish(subject, data, { reply, headers: some ? this.#headers(headers, status, description) : undefined });
  }

  async burst(subject: string, first: number, count: number): Promise<void> {
    for (let i = first; i < first + count; i++) this.nc.publish(subject, String(i));
  }

  request(subject: string, data: Uint8Array, { headers, timeout }: RequestOptions): Promise<PeerMessage> {
    return reported(async () => {
      const answer = await this.nc.request(subject, data, { timeout, headers: headers && this.#headers(headers) });
      return peerMessage(answer);
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

  #headers(list: HeaderList = [], status = 0, description = ""): light.MsgHdrs {
    const made = this.makeHeaders(status, description);
    for (const [name, values] of list) for (const value of values) made.append(name, value);
    return made;
  }
}

async function reported<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // By its code, which is the same for both.
    const code = isNatsError(error) ? error.code : "";
    if (code === "NO_RESPONDERS") throw new PeerError("no-responders", String(error));
    if (code === "TIMEOUT") throw new PeerError("timeout", String(error));
    throw error;
  }
}

function peerMessage({ subject, reply, data, headers }: light.Msg): PeerMessage {
  return {
    subject,
    reply,
    data: data.slice(),
    headers: headers?.keys().map((name) => [name, headers.values(name)]) ?? [],
    status: headers?.code ?? 0,
    description: headers?.description ?? "",
  };
}
