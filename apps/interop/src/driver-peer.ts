// A peer behind a driver: what a scenario asks, said in the driver's protocol.

import { type DriverCommand, DriverProcess } from "./driver-process.js";
import { type DriverAnswer, fromWire, type ReadyEvent, toBase64 } from "./driver-protocol.js";
import {
  type Answer,
  type Peer,
  type PeerConnection,
  PeerError,
  type PeerMessage,
  type PeerSubscription,
  type PublishOptions,
  type RequestOptions,
  type SubscribeOptions,
  type Traits,
} from "./peer.js";

/** Starts a driver; stop it when done. */
export async function startDriverPeer(name: string, driver: DriverCommand, traits: Traits): Promise<Peer> {
  const received = new Map<string, PeerMessage[]>();
  const started = await DriverProcess.start(name, driver, ({ sub, message }) =>
    received.get(sub)?.push(fromWire(message)),
  );
  return new DriverPeer(name, traits, started.ready, new Driver(started.process, received));
}

class DriverPeer implements Peer {
  readonly description: string;
  #connections = 0;

  constructor(
    readonly name: string,
    readonly traits: Traits,
    ready: ReadyEvent,
    private readonly driver: Driver,
  ) {
    this.description = `${ready.library} ${ready.version} on ${ready.runtime}`;
  }

  async connect({
    servers,
    noEcho = false,
  }: {
    readonly servers: readonly string[];
    readonly noEcho?: boolean;
  }): Promise<PeerConnection> {
    const conn = `c${++this.#connections}`;
    await this.driver.ask("connect", { conn, servers, noEcho });
    return new DriverConnection(this.driver, conn);
  }

  stop(): Promise<void> {
    return this.driver.stop();
  }
}

// The process, and where its message events go.
class Driver {
  #subscriptions = 0;

  constructor(
    private readonly process: DriverProcess,
    private readonly received: Map<string, PeerMessage[]>,
  ) {}

  async ask(op: string, fields: Readonly<Record<string, unknown>>): Promise<DriverAnswer> {
    const answer = await this.process.ask(op, fields);
    if (answer.error !== undefined) throw new PeerError(answer.error.code, `${op}: ${answer.error.text}`);
    return answer;
  }

  newSubscription(): { sub: string; messages: readonly PeerMessage[] } {
    const sub = `s${++this.#subscriptions}`;
    const messages: PeerMessage[] = [];
    this.received.set(sub, messages);
    return { sub, messages };
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

class DriverConnection implements PeerConnection {
  constructor(
    private readonly driver: Driver,
    private readonly conn: string,
  ) {}

  async subscribe(subject: string, options: SubscribeOptions = {}): Promise<PeerSubscription> {
    const { sub, messages } = this.driver.newSubscription();
    const { queue, max, respond } = options;
    await this.#ask("subscribe", { sub, subject, queue, max, respond: respond && answerFields(respond) });
    return {
      messages,
      unsubscribe: async (after) => void (await this.#ask("unsubscribe", { sub, max: after })),
      drain: async () => void (await this.#ask("drainSubscription", { sub })),
    };
  }

  async publish(subject: string, data: Uint8Array = new Uint8Array(), options: PublishOptions = {}): Promise<void> {
    await this.#ask("publish", { subject, data: toBase64(data), ...options });
  }

  async burst(subject: string, first: number, count: number): Promise<void> {
    await this.#ask("burst", { subject, first, count });
  }

  async request(subject: string, data: Uint8Array, options: RequestOptions): Promise<PeerMessage> {
    const { message } = await this.#ask("request", { subject, data: toBase64(data), ...options });
    if (message === undefined) throw new PeerError("failed", "the driver answered a request without a message");
    return fromWire(message);
  }

  async requestMany(
    subject: string,
    data: Uint8Array,
    options: { readonly count: number; readonly timeout: number },
  ): Promise<readonly PeerMessage[]> {
    const { messages = [] } = await this.#ask("requestMany", { subject, data: toBase64(data), ...options });
    return messages.map(fromWire);
  }

  async flush(): Promise<void> {
    await this.#ask("flush");
  }

  async drain(): Promise<void> {
    await this.#ask("drain");
  }

  async close(): Promise<void> {
    await this.#ask("close");
  }

  #ask(op: string, fields: Readonly<Record<string, unknown>> = {}): Promise<DriverAnswer> {
    return this.driver.ask(op, { conn: this.conn, ...fields });
  }
}

function answerFields({ data, headers }: Answer): Record<string, unknown> {
  return { data: data && toBase64(data), headers };
}
