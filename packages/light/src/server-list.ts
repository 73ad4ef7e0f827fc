// The servers: how an address is read, which of them is dialled next and when, and what gossip makes of the list. Values in,
// decisions out: nothing is dialled and nobody waits here. The numbers are those of @myelin/server-pool.

import { InvalidArgumentError, type Random } from "@myelin/contracts";
import type { ResolvedOptions } from "./options.js";

/** A server address, read. */
export interface ServerUrl {
  readonly scheme: string;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Path and query; may hold a secret. */
  readonly path: string;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly token: string | undefined;
  /** `host:port` with the path, for comparing. */
  readonly key: string;
  /** `host:port`, and a path without the values of its query, to be shown. */
  readonly address: string;
}

/** A server of the list, and how it did. */
export interface Server {
  readonly url: ServerUrl;
  /** Name to verify its certificate against. */
  readonly name: string;
  /** Learned from another server, and gone when the cluster no longer tells of it. */
  readonly learned: boolean;
  /** Not to be dialled before. */
  notBefore: number;
  /** Failed attempts since it last answered. */
  failures: number;
  /** The same, of those after the first connect. */
  spent: number;
  /** Links in a row that lasted no five seconds. */
  shortLinks: number;
  linkedAt: number;
  /** Why it last refused our credentials, if that is how the last attempt on it ended. */
  authError: Error | undefined;
}

export type Decision = { readonly dial: Server } | { readonly waitUntil: number } | undefined;

const ADDRESS =
  /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:([^@/?#]*)@)?(?:\[([0-9a-f:.]+)\]|([\p{L}\p{M}\p{N}_.-]+))(?::(\d{1,5}))?([/?][^#\s]*)?(?:#.*)?$/iu;

/** Reads one address. Throws InvalidArgumentError, which shows nothing that may be a credential. */
export function readAddress(text: string, schemes: readonly string[], place: string): ServerUrl {
  const found = typeof text === "string" ? ADDRESS.exec(text.trim()) : null;
  const fail = (problem: string): never => {
    throw new InvalidArgumentError("servers", `${place} ${problem}`);
  };
  if (found === null) return fail("cannot be read; write it as wss://host:port");
  const scheme = (found[1] ?? ["nats", "wss"].find((one) => schemes.includes(one)) ?? schemes[0] ?? "").toLowerCase();
  if (!schemes.includes(scheme)) return fail(`is ${scheme}://, and only ${schemes.join(", ")} can be dialled here`);
  const hostname = (found[3] ?? found[4] ?? "").toLowerCase();
  const port = Number(found[5] ?? { ws: 80, wss: 443 }[scheme] ?? 4222);
  if (!(port > 0 && port < 65_536)) return fail("has no port from 1 to 65535");
  const path = found[6] === "/" ? "" : (found[6] ?? "");
  if (path !== "" && !/^wss?$/.test(scheme)) return fail("has a path, which only ws:// and wss:// may");
  const address = `${found[3] === undefined ? hostname : `[${hostname}]`}:${port}`;
  let parts: readonly string[] = [];
  try {
    parts = found[2]?.split(/:([^]*)/, 2).map(decodeURIComponent) ?? [];
  } catch {
    fail("has credentials that are not percent-encoded well");
  }
  const [first = "", second] = parts;
  const token = second === undefined ? first : first === "" ? second : "";
  return {
    scheme,
    hostname,
    port,
    path,
    user: token === "" && first !== "" ? first : undefined,
    pass: token === "" ? second : undefined,
    token: token || undefined,
    key: address + path,
    address: address + path.replace(/=[^&]*/g, "=***"),
  };
}

/** The URL without anything secret. */
export function hrefOf({ address, scheme }: ServerUrl): string {
  return `${scheme}://${address}`;
}

export class ServerList {
  readonly #options: ResolvedOptions;
  readonly #schemes: readonly string[];
  readonly #random: Random;
  /** In the order they are dialled in. */
  #servers: Server[] = [];
  // For all of them: the wait after a lost link or a failure.
  #notBefore = 0;
  #outageBegan = 0;
  #failures = 0;
  #everConnected = false;

  /** Throws InvalidArgumentError for a list that cannot be read. */
  constructor(options: ResolvedOptions, schemes: readonly string[], random: Random) {
    this.#options = options;
    this.#schemes = schemes;
    this.#random = random;
    const list = [options.servers ?? "127.0.0.1"].flat().flatMap((text) => {
      if (typeof text !== "string") throw new InvalidArgumentError("servers", "must be URLs");
      return text.split(",").filter((one) => one.trim() !== "");
    });
    if (list.length === 0) throw new InvalidArgumentError("servers", "is empty; name a server");
    for (const [index, text] of list.entries()) {
      const url = readAddress(text, schemes, `element ${index + 1}`);
      if (this.#find(url.key) === undefined) this.#add(url, url.hostname, false);
    }
    this.#shuffle();
  }

  get all(): readonly Server[] {
    return this.#servers;
  }

  /** Which server to dial, or how long to wait; `undefined` = there is none left. */
  decide(now: number): Decision {
    const { maxReconnectAttempts: most } = this.#options;
    if (most >= 0) this.#servers = this.#servers.filter(({ spent }) => spent < most);
    const next = (server: Server): number => Math.max(server.notBefore, this.#notBefore);
    const ready = this.#servers.find((server) => next(server) <= now);
    if (ready !== undefined) return { dial: ready };
    if (this.#servers.length === 0) return undefined;
    return { waitUntil: Math.min(...this.#servers.map(next)) };
  }

  dialling(server: Server, now: number): void {
    server.notBefore = now + (this.#options.reconnectTimeWait ?? 0);
    this.#last(server);
  }

  connected(server: Server, now: number): void {
    server.failures = 0;
    server.spent = 0;
    server.linkedAt = now;
    this.#everConnected = true;
  }

  /** @param sentAway it answered, and does not take us: it is the number of clients it suffers from */
  failed(server: Server, auth: boolean, sentAway: boolean, now: number): void {
    server.failures++;
    if (this.#everConnected) server.spent++;
    this.#leaveAlone(server, server.failures, auth, now);
    this.#pace(sentAway, now);
  }

  /** The link to this server is gone: the others come first. */
  lost(server: Server, now: number): void {
    const short = now - server.linkedAt < 5_000;
    server.shortLinks = short ? server.shortLinks + 1 : 0;
    if (server.shortLinks > 1) this.#leaveAlone(server, server.shortLinks - 1, false, now);
    if (!short) this.#failures = 0;
    if (this.#failures === 0) this.#outageBegan = now;
    this.#shuffle();
    this.#last(server);
    this.#notBefore = now + this.#random() * this.#options.reconnectJitter;
    if (short) this.#pace(false, now);
  }

  /** The network may be back: nobody waits any longer. */
  wake(): void {
    this.#notBefore = 0;
    for (const server of this.#servers) server.notBefore = 0;
  }

  /** Takes in what server `from` says of its cluster; `present` stays whatever it says. No list says nothing. */
  advertise(urls: unknown, from: Server, overTls: boolean): { added: string[]; deleted: string[] } {
    const added: string[] = [];
    const deleted: string[] = [];
    if (!Array.isArray(urls) || this.#options.ignoreClusterUpdates) return { added, deleted };
    const { pass, scheme, token, user } = from.url;
    const keys = new Set<string>();
    for (const text of urls as unknown[]) {
      // Never credentials, and never another scheme: gossip must not turn TLS off.
      if (typeof text !== "string" || text.includes("@")) continue;
      try {
        const plain = `${overTls && scheme === "nats" ? "tls" : scheme}://${text.replace(/^.*:\/\//, "")}`;
        const url = { ...readAddress(plain, this.#schemes, ""), user, pass, token };
        keys.add(url.key);
        if (this.#find(url.key) !== undefined) continue;
        const isAddress = /^[\d.]+$|:/.test(url.hostname);
        this.#add(url, isAddress ? from.name : url.hostname, true);
        added.push(url.address);
      } catch {} // not an address: it proves nothing
    }
    if (keys.size === 0) return { added, deleted };
    this.#servers = this.#servers.filter((server) => {
      const stays = !server.learned || server === from || keys.has(server.url.key);
      if (!stays) deleted.push(server.url.address);
      return stays;
    });
    return { added, deleted };
  }

  #find(key: string): Server | undefined {
    return this.#servers.find(({ url }) => url.key === key);
  }

  #add(url: ServerUrl, name: string, learned: boolean): void {
    const never = { notBefore: 0, failures: 0, spent: 0, shortLinks: 0, linkedAt: 0, authError: undefined };
    this.#servers.push({ url, name, learned, ...never });
  }

  #last(server: Server): void {
    const others = this.#servers.filter((one) => one !== server);
    if (others.length < this.#servers.length) this.#servers = [...others, server];
  }

  #shuffle(): void {
    if (this.#options.noRandomize) return;
    const keyed = this.#servers.map((server) => ({ server, key: this.#random() }));
    this.#servers = keyed.sort((a, b) => a.key - b.key).map(({ server }) => server);
  }

  // Exponential with full jitter, four times as long when credentials were refused; or the fixed wait that was asked for.
  #leaveAlone(server: Server, failures: number, auth: boolean, now: number): void {
    const { jitter, reconnectTimeWait: wait } = this.#options;
    const most = Math.min(30_000, 500 * (auth ? 4 : 1) * 2 ** (failures - 1));
    const ms = wait === undefined ? this.#random() * most : wait + this.#random() * jitter;
    server.notBefore = Math.max(server.notBefore, now + ms);
  }

  // How long all servers are left alone, so that a fleet does not fall on the next one together; see pace.ts of the pool.
  #pace(sentAway: boolean, now: number): void {
    const count = this.#servers.length;
    if (this.#failures++ === 0 && !this.#everConnected) this.#outageBegan = now;
    const untried = !this.#everConnected && this.#failures < count;
    if (count < 2 || untried || this.#options.reconnectTimeWait !== undefined) return;
    const first = 600 * Math.min(count, 10) * (sentAway ? 2 : 1);
    const doublings = this.#failures - (sentAway ? 1 : 2);
    const window =
      doublings < 0
        ? Math.max(this.#options.reconnectJitter, 3_000 * Math.min(1, (count - 1) / 8) ** 3)
        : Math.min(first * 2 ** doublings, Math.max(first, 2 * (now - this.#outageBegan)));
    this.#notBefore = Math.max(this.#notBefore, now + this.#random() * Math.min(15_000, window));
  }
}
