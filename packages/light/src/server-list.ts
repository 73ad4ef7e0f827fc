// The servers: how an address is read, which of them is dialled next and when, and what gossip makes of the list. Values in,
// decisions out: nothing is dialled and nobody waits here. The numbers are those of @myelin/server-pool.

import { InvalidArgumentError, type Random } from "@myelin/contracts";
import type { ResolvedOptions } from "./options.js";

/** A server of the list: its address, read, and how it did. */
export interface Server {
  readonly scheme: string;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Path and query; may hold a secret. */
  readonly path: string;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly token: string | undefined;
  readonly webSocket: boolean;
  /** `host:port` with the path, for comparing. */
  readonly key: string;
  /** `host:port`, and a path without the values of its query, to be shown. */
  readonly address: string;
  /** The same with the scheme. */
  readonly href: string;
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

/** Reads one address. Throws InvalidArgumentError, which shows nothing that may be a credential. */
export function readServer(text: string, schemes: readonly string[], place: string): Server {
  const [, given, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  const scheme = given?.toLowerCase() ?? ["nats", "wss"].find((one) => schemes.includes(one)) ?? schemes[0] ?? "";
  const fail = (problem: string): InvalidArgumentError => new InvalidArgumentError("servers", `${place} ${problem}`);
  if (!schemes.includes(scheme)) throw fail(`is ${scheme}://, but only ${schemes.join(", ")} can be dialled here`);
  try {
    // Of a scheme of the web the port is left out where it is the default, and no scheme has both of these.
    const url = new URL(`http://${rest}`);
    const port = Number(url.port || new URL(`https://${rest}`).port || ({ ws: 80, wss: 443 }[scheme] ?? 4222));
    const path = (url.pathname + url.search).replace(/^\/(?=$|\?)/, "");
    const [first, pass] = [url.username, url.password].map(decoded);
    const isToken = !first || !/^[^@/]*:.*@/.test(rest ?? "");
    const webSocket = /^wss?$/.test(scheme);
    const hostname = url.hostname.replace(/[[\]]/g, "");
    // The parser takes 127.1 and 0x7f.1 for addresses, and writes them out.
    const completed = /^[\d.]+$/.test(hostname) && !rest?.includes(hostname);
    if (port === 0 || completed || (path !== "" && !webSocket)) throw 0;
    const key = `${url.hostname}:${port}${path}`;
    const address = key.replace(/=[^&]*/g, "=***");
    return {
      scheme,
      hostname,
      port,
      path,
      user: isToken ? undefined : first,
      pass: isToken ? undefined : pass,
      token: isToken ? first || pass || undefined : undefined,
      webSocket,
      key,
      address,
      href: `${scheme}://${address}`,
      name: hostname,
      learned: false,
      notBefore: 0,
      failures: 0,
      spent: 0,
      shortLinks: 0,
      linkedAt: 0,
      authError: undefined,
    };
  } catch {
    throw fail("cannot be read; write it as wss://host:port");
  }
}

export interface ServerList {
  /** In the order they are dialled in. */
  all(): readonly Server[];
  /** Which server to dial, or how long to wait; `undefined` = there is none left. */
  decide(now: number): Decision;
  dialling(server: Server, now: number): void;
  connected(server: Server, now: number): void;
  /** @param auth it refused our credentials */
  failed(server: Server, auth: boolean, now: number): void;
  /** The link to this server is gone: the others come first. */
  lost(server: Server, now: number): void;
  /** The network may be back: nobody waits any longer, and the next waits begin as short as those of a new outage. */
  wake(): void;
  /** Takes in what server `from` says of its cluster, and tells what changed. No list says nothing. */
  advertise(urls: unknown, from: Server): { added: string[]; deleted: string[] };
}

/** Throws InvalidArgumentError for a list that cannot be read. */
export function serverList(options: ResolvedOptions, schemes: readonly string[], random: Random): ServerList {
  const { ignoreClusterUpdates, jitter, maxReconnectAttempts: most, noRandomize, reconnectTimeWait: wait } = options;
  let servers: Server[] = [];
  // For all of them: the wait after a lost link or a failure.
  let notBefore = 0;
  let failures = 0;
  let everConnected = false;

  const find = (key: string): Server | undefined => servers.find((one) => one.key === key);
  const next = (server: Server): number => Math.max(server.notBefore, notBefore);

  // Only one of the list: a server may have left it while it was dialled.
  const toTheEnd = (server: Server): void => {
    const others = servers.filter((one) => one !== server);
    if (others.length < servers.length) servers = [...others, server];
  };

  const shuffle = (): void => {
    if (noRandomize) return;
    const keyed = servers.map((server) => [random(), server] as const);
    servers = keyed.sort(([a], [b]) => a - b).map(([, server]) => server);
  };

  // Exponential with full jitter, four times as long when credentials were refused; or the fixed wait that was asked for.
  const leaveAlone = (server: Server, count: number, auth: boolean, now: number): void => {
    const bound = Math.min(30_000, 500 * (auth ? 4 : 1) * 2 ** (count - 1));
    const ms = wait === undefined ? random() * bound : wait + random() * jitter;
    server.notBefore = Math.max(server.notBefore, now + ms);
  };

  // How long all servers are left alone, so that a fleet does not fall on the next one together: the first failure of an outage is
  // answered soon, for a third server may well be up.
  const pace = (now: number): void => {
    const count = servers.length;
    failures++;
    if (count < 2 || wait !== undefined || (!everConnected && failures < count)) return;
    const window = 600 * Math.min(count, 10) * 2 ** (failures - 2);
    const bound = failures < 2 ? options.reconnectJitter : Math.min(15_000, window);
    notBefore = Math.max(notBefore, now + random() * bound);
  };

  const list = [options.servers ?? "127.0.0.1"].flat().join().split(",");
  for (const [index, text] of list.filter((one) => one.trim() !== "").entries()) {
    const server = readServer(text, schemes, `element ${index + 1}`);
    if (find(server.key) === undefined) servers.push(server);
  }
  if (servers.length === 0) throw new InvalidArgumentError("servers", "is empty; name a server");
  shuffle();

  return {
    all: () => servers,
    decide(now) {
      if (most >= 0 && everConnected) servers = servers.filter(({ spent }) => spent < most);
      const dial = servers.find((server) => next(server) <= now);
      if (dial !== undefined) return { dial };
      return servers.length === 0 ? undefined : { waitUntil: Math.min(...servers.map(next)) };
    },
    dialling(server, now) {
      server.notBefore = now + (wait ?? 0);
      toTheEnd(server);
    },
    connected(server, now) {
      server.failures = server.spent = 0;
      server.linkedAt = now;
      everConnected = true;
    },
    failed(server, auth, now) {
      server.failures++;
      if (everConnected) server.spent++;
      leaveAlone(server, server.failures, auth, now);
      pace(now);
    },
    lost(server, now) {
      // One that accepts and then throws everybody out must not be dialled twenty times a second.
      const short = now - server.linkedAt < 5_000;
      server.shortLinks = short ? server.shortLinks + 1 : 0;
      if (server.shortLinks > 1) leaveAlone(server, server.shortLinks - 1, false, now);
      if (!short) failures = 0;
      shuffle();
      toTheEnd(server);
      notBefore = now + random() * options.reconnectJitter;
      if (short) pace(now);
    },
    wake() {
      notBefore = failures = 0;
      for (const server of servers) server.notBefore = server.failures = server.shortLinks = 0;
    },
    advertise(urls, from) {
      const added: string[] = [];
      const deleted: string[] = [];
      const keys = new Set<string>();
      const { pass, scheme, token, user } = from;
      for (const text of Array.isArray(urls) && !ignoreClusterUpdates ? (urls as unknown[]) : []) {
        // Never credentials, and never another scheme: gossip must not turn TLS off.
        if (typeof text !== "string" || text.includes("@")) continue;
        try {
          const one = readServer(`${scheme}://${text.replace(/^.*:\/\//, "")}`, schemes, "");
          keys.add(one.key);
          if (find(one.key) !== undefined) continue;
          // Certificates rarely name addresses: one is verified as the host that taught it.
          const name = /^[\d.]+$|:/.test(one.name) ? from.name : one.name;
          servers.push({ ...one, user, pass, token, name, learned: true });
          added.push(one.address);
        } catch {} // not an address: it proves nothing
      }
      servers = servers.filter((one) => {
        const stays = keys.size === 0 || !one.learned || one === from || keys.has(one.key);
        if (!stays) deleted.push(one.address);
        return stays;
      });
      return { added, deleted };
    },
  };
}

// A password may hold a percent sign that stands for nothing else.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
