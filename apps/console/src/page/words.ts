// Every event of a connection as a sentence for somebody who does not know the client: what happened, to which server, and whether
// it is good news. Pure.

import type { StatusEvent } from "myelin";

/** `good`: it works (again). `bad`: something failed or is gone. `plain`: neither. */
export type Tone = "good" | "bad" | "plain";

export interface Entry {
  readonly tone: Tone;
  readonly text: string;
}

/** `undefined` for what happens all the time and tells nobody anything. */
export function entryOf(event: StatusEvent): Entry | undefined {
  switch (event.type) {
    case "connect":
      return good(`Connected to ${event.server}.`);
    case "disconnect":
      return event.error === undefined
        ? bad(`${event.server} closed the connection. Looking for another server.`)
        : bad(`Lost ${event.server}: ${about(event.server, event.error)}`);
    case "reconnecting":
      return plain(`Trying ${event.server}${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}.`);
    case "attemptFailed":
      return bad(`${event.server} did not work: ${about(event.server, event.error)}`);
    case "reconnect":
      return good(`${event.server} serves us now; subscriptions are made again.`);
    case "handover":
      return good(`Moved from ${event.from} to ${event.server} without an interruption, ${MOVES[event.reason]}.`);
    case "update":
      return plain(`The cluster changed: ${changes(event.added, event.deleted)}.`);
    case "ldm":
      return plain(`${event.server} announces that it is about to leave; moving to another server.`);
    case "error":
      return bad(sentence(event.error));
    case "staleConnection":
      return bad("The server has been silent for too long and is given up.");
    case "forceReconnect":
      return plain("A reconnect was asked for.");
    case "slowConsumer":
      return bad(`This page is too slow for ${event.sub.getSubject()}: ${event.pending} messages wait.`);
    case "dropped":
      return bad(
        `${event.messages} ${event.messages === 1 ? "message" : "messages"} will not be sent: ${DROPS[event.reason]}.`,
      );
    case "close":
      return event.error === undefined
        ? plain("The connection is closed.")
        : bad(`The connection is closed for good: ${sentence(event.error)}`);
    case "ping":
      return undefined;
  }
}

/** What an error says, as a sentence: with a capital letter only where the message has one, and with an end. */
export function sentence(error: unknown): string {
  const text = error instanceof Error && error.message !== "" ? error.message : String(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The same, of a server that has been named just before. */
export function about(server: string, error: unknown): string {
  const text = sentence(error);
  const end = text.indexOf(" ");
  const named = text.slice(0, end).replace(/^[a-z]+:\/\//, "");
  return named === server || named.startsWith(`${server}/`) ? `it${text.slice(end)}` : text;
}

type Of<T extends StatusEvent["type"]> = Extract<StatusEvent, { type: T }>;

const MOVES: Readonly<Record<Of<"handover">["reason"], string>> = {
  "lame-duck": "because it leaves",
  requested: "as asked for",
  credentials: "because credentials were about to expire",
  better: "because it is the better one",
  balance: "so that the cluster is evenly used",
};

const DROPS: Readonly<Record<Of<"dropped">["reason"], string>> = {
  disconnected: "there is no connection",
  "buffer-full": "too much was kept while there was no connection",
  closed: "the connection was closed before",
  "max-payload": "the next server takes no message so large",
  "no-headers": "the next server takes no headers",
};

function changes(added: readonly string[], deleted: readonly string[]): string {
  const parts: string[] = [];
  if (added.length > 0) parts.push(`${added.join(", ")} ${added.length === 1 ? "is" : "are"} new`);
  if (deleted.length > 0) parts.push(`${deleted.join(", ")} ${deleted.length === 1 ? "is" : "are"} gone`);
  return parts.join("; ") || "the same servers";
}

function good(text: string): Entry {
  return { tone: "good", text };
}

function bad(text: string): Entry {
  return { tone: "bad", text };
}

function plain(text: string): Entry {
  return { tone: "plain", text };
}
