// A strategy of one's own: every key has a home among the servers, the same for all clients that have the key, and a second and
// a third choice. Clients that talk to each other most then meet on one server, and their messages cross no route; when it goes, they
// meet again on the next. Rendezvous hashing: a server that comes or goes moves the keys of that server only.
// A pure function of what it is given: no state, time or chance of its own.

import type { ServerView, Strategy } from "myelin";

/** Peace a server must have kept before a working connection is moved back to it. */
const SETTLED_MS = 30_000;

export function homeServer(key: string): Strategy {
  const byChoice = (servers: readonly ServerView[]): ServerView[] =>
    servers
      .map((server) => ({ server, score: score(`${key} ${server.url.href}`) }))
      .sort((a, b) => b.score - a.score)
      .map(({ server }) => server);

  return {
    name: `home of ${key}`,

    // Among those the pool lets us dial now: it has taken out who must wait, so nobody is hammered whatever we say.
    rank: byChoice,

    // About once a minute while connected: home again, once nothing has spoken against it for a while.
    better(current, servers, { now }) {
      const nearer = byChoice(servers).find(
        ({ id, lastFailure }) => id === current.id || now - (lastFailure?.at ?? -Infinity) >= SETTLED_MS,
      );
      return nearer?.id === current.id ? undefined : nearer;
    },
  };
}

/** FNV-1a with a final mix, so that neighbouring names end up far apart; 32 bits are plenty for an order. */
function score(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
