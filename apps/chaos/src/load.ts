// The steady load and its accounts: a publisher to listeners, the same to a queue group, and requests to responders, each on a
// connection of its own.

import { setTimeout as sleep } from "node:timers/promises";
import type { Msg } from "myelin";
import type { Arena } from "./arena.js";
import { CallAccount } from "./calls.js";
import { Client } from "./client.js";
import { MessageAccount } from "./messages.js";
import type { Stalls } from "./stalls.js";

const TICK_MS = 20;
/** Milliseconds after which what has not come will not come: longer than any fault. */
const JUDGED_AFTER_MS = 20_000;
/** Of each request. */
const TIMEOUT_MS = 3_000;
const LISTENERS = 2;
const WORKERS = 3;
const RESPONDERS = 2;

export class Load {
  readonly clients: readonly Client[];
  readonly accounts: readonly MessageAccount[];
  readonly calls: CallAccount;
  readonly #publisher: Client;
  readonly #requester: Client;
  readonly #ticks: MessageAccount;
  readonly #work: MessageAccount;
  readonly #perTick: number;
  // When each subscription was last heard of. A group of which one member is deaf loses nothing, so the accounts do not see it.
  readonly #heardAt = new Map<Client, number>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(clients: readonly Client[], arena: Arena, rate: number, complain: (what: string) => void) {
    this.clients = clients;
    const [publisher, requester, ...others] = clients;
    if (publisher === undefined || requester === undefined) throw new RangeError("too few clients");
    const listeners = others.slice(0, LISTENERS);
    const workers = others.slice(LISTENERS, LISTENERS + WORKERS);
    const responders = others.slice(LISTENERS + WORKERS);
    const shared = { trouble: arena.trouble };
    const account = (name: string, reach: "every" | "one", receivers: readonly Client[]): MessageAccount =>
      new MessageAccount(
        name,
        { ...shared, reach, sender: publisher.presence, receivers: receivers.map(({ presence }) => presence) },
        complain,
      );
    this.#publisher = publisher;
    this.#requester = requester;
    this.#ticks = account("pub/sub", "every", listeners);
    this.#work = account("queue group", "one", workers);
    this.accounts = [this.#ticks, this.#work];
    this.calls = new CallAccount(
      {
        ...shared,
        requester: requester.presence,
        responders: responders.map(({ presence }) => presence),
        timeout: TIMEOUT_MS,
      },
      complain,
    );
    this.#perTick = Math.max(1, Math.round((rate * TICK_MS) / 1_000));
    publisher.onLinkUp((at) => {
      for (const one of this.accounts) one.linkUp(at);
    });
    const count = (to: MessageAccount, receiver: number, client: Client) => (_: Error | null, msg: Msg) => {
      this.#heardAt.set(client, performance.now());
      to.arrived(receiver, Number(msg.string()), performance.now());
    };
    for (const [index, client] of listeners.entries()) {
      client.nc.subscribe("ticks", { callback: count(this.#ticks, index, client) });
    }
    for (const [index, client] of workers.entries()) {
      client.nc.subscribe("work", { queue: "workers", callback: count(this.#work, index, client) });
    }
    for (const client of responders) {
      const answer = (_: Error | null, msg: Msg): void => {
        this.#heardAt.set(client, performance.now());
        msg.respond(msg.data);
      };
      client.nc.subscribe("ask", { queue: "responders", callback: answer });
    }
  }

  /** Connects everybody, and begins once every node knows of the subscriptions. */
  static async start(arena: Arena, stalls: Stalls, rate: number, complain: (what: string) => void): Promise<Load> {
    const names = [
      "publisher",
      "requester",
      ...Array.from({ length: LISTENERS }, (_, n) => `listener ${n + 1}`),
      ...Array.from({ length: WORKERS }, (_, n) => `worker ${n + 1}`),
      ...Array.from({ length: RESPONDERS }, (_, n) => `responder ${n + 1}`),
    ];
    const clients: Client[] = [];
    for (const name of names) clients.push(await Client.open(name, arena, stalls, complain));
    const load = new Load(clients, arena, rate, complain);
    for (const { nc } of clients) await nc.flush({ timeout: 5_000 });
    await sleep(500); // for the routes to carry what was subscribed to
    load.#timer = setInterval(() => load.#tick(), TICK_MS);
    return load;
  }

  /** Names of those whose subscription has not been heard of since this moment. */
  deafSince(at: number): string[] {
    const deaf = [...this.clients].filter((client) => (this.#heardAt.get(client) ?? at) < at);
    return deaf.map(({ presence }) => presence.name);
  }

  /** Judges what is old enough, and forgets it. */
  judge(): void {
    const before = performance.now() - JUDGED_AFTER_MS;
    this.#judge(before);
    for (const { presence } of this.clients) presence.forget(before - JUDGED_AFTER_MS);
  }

  /** No more load: waits for what is under way, judges everything, and closes the connections. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#publisher.nc.flush({ timeout: 10_000 });
    const deadline = performance.now() + TIMEOUT_MS + 2_000;
    while (this.calls.inFlight > 0 && performance.now() < deadline) await sleep(20);
    await sleep(500);
    this.#judge(Number.POSITIVE_INFINITY);
    this.calls.end();
    for (const client of this.clients) await client.close();
  }

  #judge(before: number): void {
    for (const account of this.accounts) account.judge(before);
    this.calls.judge(before);
  }

  #tick(): void {
    const at = performance.now();
    for (let n = 0; n < this.#perTick; n++) {
      this.#publisher.nc.publish("ticks", String(this.#ticks.sent(at)));
      this.#publisher.nc.publish("work", String(this.#work.sent(at)));
      const call = this.calls.made(at);
      this.#requester.nc.request("ask", "x", { timeout: TIMEOUT_MS }).then(
        () => this.calls.ended(call, performance.now(), undefined),
        (error: { readonly code?: string }) => this.calls.ended(call, performance.now(), error.code ?? String(error)),
      );
    }
  }
}
