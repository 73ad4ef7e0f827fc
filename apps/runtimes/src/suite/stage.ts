// What a scenario is played with: connections by one door, servers of its own, and bounded waits. Every connection and every
// server it was given is gone when the scenario is over. Must run in every runtime: nothing of Node, no test framework.

import * as light from "@myelin/light";
import * as myelin from "myelin";
import { type ConnectionOptions, delay, type NatsConnection, type Transport, webSocketTransport } from "myelin";
import type { DoorName, Material, Plan, Served, ServedKind } from "./plan.js";

const BOUND_MS = 20_000;

/** What both clients have under the same name; a program for the smaller one is one for the other. */
export interface Client {
  connect(options: light.LightOptions): Promise<light.LightConnection>;
  headers(): light.MsgHdrs;
  readonly ConnectError: typeof light.ConnectError | typeof myelin.ConnectError;
  readonly NoRespondersError: typeof light.NoRespondersError | typeof myelin.NoRespondersError;
}

/** A door by which the client is the full one. */
export const full = (door: DoorName): boolean => !door.startsWith("light");

/** A scenario is played by each door of its runtime that `needs` allows; it throws when the client does not do as it says. */
export interface Scenario {
  readonly name: string;
  readonly needs?: (door: DoorName) => boolean;
  play(stage: Stage): Promise<void>;
}

/** Asks whoever started the suite for servers, and to end and start them. */
export class Backstage {
  readonly #origin: string;
  readonly #shared = new Map<ServedKind, Promise<Served>>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  plan(): Promise<Plan> {
    return this.#ask("plan") as Promise<Plan>;
  }

  start(kind: ServedKind): Promise<Served> {
    return this.#ask(`start?kind=${kind}`) as Promise<Served>;
  }

  /** Started by the first who asks; ends with the suite. */
  shared(kind: ServedKind): Promise<Served> {
    const served = this.#shared.get(kind) ?? this.start(kind);
    this.#shared.set(kind, served);
    return served;
  }

  /** Without warning: SIGKILL. */
  async kill(served: Served, node = 0): Promise<void> {
    await this.#ask(`kill?id=${served.id}&node=${node}`);
  }

  /** Stops it in order if it runs, starts it again, and waits until its cluster is whole. */
  async restart(served: Served, node = 0): Promise<void> {
    await this.#ask(`restart?id=${served.id}&node=${node}`);
  }

  /** The same server behind proxies that cut every link on which nothing moves for about half a second. */
  async behindCutter(served: Served): Promise<Served> {
    return { ...served, ...((await this.#ask(`cut?id=${served.id}`)) as Pick<Served, "tcp" | "websocket">) };
  }

  /** These proxies cut nobody any more. */
  async cutNoMore(served: Served): Promise<void> {
    await this.#ask(`pass?id=${served.id}`);
  }

  async stop(served: Served): Promise<void> {
    await this.#ask(`stop?id=${served.id}`);
  }

  /** Connections with this name, as the servers see it. */
  connections(served: Served, name: string): Promise<number> {
    return this.#ask(`connections?id=${served.id}&name=${encodeURIComponent(name)}`) as Promise<number>;
  }

  async #ask(what: string): Promise<unknown> {
    const response = await fetch(`${this.#origin}/${what}`, { method: "POST" });
    const text = await response.text();
    if (!response.ok) throw new Error(`${what}: ${text}`);
    return JSON.parse(text);
  }
}

export class Stage {
  readonly door: DoorName;
  readonly backstage: Backstage;
  readonly plan: Plan;
  /** A subject of this scenario and door alone. */
  readonly subject: string;
  readonly #connections: light.LightConnection[] = [];
  readonly #served: Served[] = [];

  constructor(door: DoorName, backstage: Backstage, plan: Plan, subject: string) {
    this.door = door;
    this.backstage = backstage;
    this.plan = plan;
    this.subject = subject;
  }

  get material(): Material {
    return this.plan.material;
  }

  /** The client of this door. */
  get client(): Client {
    return full(this.door) ? myelin : light;
  }

  get overWebSocket(): boolean {
    return this.door.includes("ws");
  }

  get encrypted(): boolean {
    return this.door === "tls" || this.door.endsWith("wss");
  }

  /** Servers of its own, to be killed as it likes. Default: the kind that this door leads to. */
  async serve(kind: ServedKind = this.#kind): Promise<Served> {
    const served = await this.backstage.start(kind);
    this.#served.push(served);
    return served;
  }

  /** A server that stays, and that others use as well. */
  shared(): Promise<Served> {
    return this.backstage.shared(this.#kind);
  }

  get #kind(): ServedKind {
    return this.encrypted ? "tls" : "plain";
  }

  urls(served: Served): readonly string[] {
    return this.overWebSocket ? served.websocket : served.tcp;
  }

  /** A connection by this door. */
  async open(served: Served, more: light.LightOptions = {}): Promise<light.LightConnection> {
    const nc = await this.client.connect(await this.options(served, more));
    this.#connections.push(nc);
    return nc;
  }

  /** One of the full client, by a door of its. */
  async openFull(served: Served, more: ConnectionOptions = {}): Promise<NatsConnection> {
    const nc = await myelin.connect(await this.options(served, more));
    this.#connections.push(nc);
    return nc;
  }

  async options<T extends ConnectionOptions>(served: Served, more?: T): Promise<T & light.LightOptions> {
    const transport = await this.#transport();
    return {
      servers: [...this.urls(served)],
      // Over WebSocket the runtime is told of the authority from outside, as W3C WebSocket takes nothing.
      ...(this.door === "tls" ? { tls: { ca: this.material.ca } } : {}),
      ...(transport === undefined ? {} : { transports: [transport] }),
      reconnectTimeWait: 100,
      timeout: 10_000,
      ...more,
    } as T & light.LightOptions;
  }

  async #transport(): Promise<Transport | undefined> {
    if (this.door.startsWith("own")) return webSocketTransport({ webSocket: ownWebSocket() });
    if (this.door.startsWith("given")) return webSocketTransport({ webSocket: (await import("ws")).WebSocket });
    // Which has none of its own.
    if (!full(this.door) && !("WebSocket" in globalThis)) return webSocketTransport();
    return undefined;
  }

  async leave(): Promise<void> {
    await Promise.allSettled(this.#connections.map((nc) => nc.close()));
    await Promise.allSettled(this.#served.map((served) => this.backstage.stop(served)));
  }
}

/** Waits for a condition; throws a sentence when it does not come true. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + BOUND_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${BOUND_MS / 1_000} s: ${what}`);
    await delay(20);
  }
}

/** Throws when two values differ, compared as JSON; shows where. */
export function same(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [String(JSON.stringify(actual)), String(JSON.stringify(expected))];
  if (a === b) return;
  let at = 0;
  while (a[at] === b[at]) at++;
  throw new Error(`${what}: ${around(a, at)}, expected ${around(b, at)}`);
}

function around(text: string, at: number): string {
  const from = text.length <= 200 ? 0 : Math.max(0, at - 100);
  const to = from + 200;
  return `${from > 0 ? "… " : ""}${text.slice(from, to)}${to < text.length ? " …" : ""}`;
}

function ownWebSocket(): NonNullable<NonNullable<Parameters<typeof webSocketTransport>[0]>["webSocket"]> {
  const { WebSocket } = globalThis as unknown as { readonly WebSocket?: ReturnType<typeof ownWebSocket> };
  if (WebSocket === undefined) throw new Error("this runtime has no WebSocket of its own");
  return WebSocket;
}
