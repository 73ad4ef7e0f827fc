// Turns what a WebSocket says of its failure into the closed set of TransportError codes. Browsers tell nothing on purpose; what
// the likes of `ws` tell is ws-errors.ts. Messages say what, where and what to try; nothing here decides whether to try again.
// Sources: RFC 6455 §7.4 (close codes), WHATWG WebSockets "fail the WebSocket connection".

import { TransportError, type TransportPhase } from "@myelin/contracts";
import type { WebSocketEvent } from "./web-socket.js";

/** Why a socket that never opened did not. */
export function openingError(address: string, event: WebSocketEvent): TransportError {
  const cause = causeOf(event);
  return new TransportError("CONNECT_FAILED", "tcp", `${address} could not be opened: ${wordsOf(event)}`, address, {
    cause,
  });
}

/** What the runtime says, as an error. */
export function causeOf(event: WebSocketEvent): unknown {
  return withoutQueries(event.error ?? new Error(wordsOf(event)));
}

// Some runtimes name the URL they were given, whose query may hold a secret. It has no white space, but perhaps quotes.
const QUERY = /(wss?:\/\/[^\s?]*\?)\S*/g;

/** The same, or another one in its place when it names a URL with a query. */
export function withoutQueries(error: unknown): unknown {
  if (!(error instanceof Error) || error.message.search(QUERY) < 0) return error;
  return Object.assign(new Error(hidden(error.message)), { name: error.name });
}

function hidden(words: string): string {
  return words.replace(QUERY, "$1***");
}

/** The constructor threw: the page may not open such a socket, or the URL is none. */
export function constructionError(address: string, cause: unknown): TransportError {
  const words = hidden(cause instanceof Error ? cause.message : String(cause));
  const hint = "a page loaded over https:// may open wss:// only";
  const message = `${address} could not be opened: ${words} (${hint})`;
  return new TransportError("UNSUPPORTED_TARGET", "tcp", message, address, { cause: withoutQueries(cause) });
}

/**
 * An open socket has closed: `undefined` when it did so in order. The code tells, for without a close frame there is none but 1006.
 * `wasClean` does not: Firefox denies it of every close frame with the end of TCP right behind it, and that is how servers close.
 */
export function closingError(address: string, event: WebSocketEvent): TransportError | undefined {
  const { code = 1006, reason = "" } = event;
  if (code === 1000 || code === 1001 || code === 1005) return undefined;
  if (code === 1006) {
    const message =
      `${address} ended without a close frame (${code}): the server died, or a proxy between cut the connection; ` +
      "if it happens when idle, set pingInterval below the proxy's idle time";
    return new TransportError("CONNECTION_RESET", "stream", message, address);
  }
  const said = reason === "" ? (MEANINGS.get(code) ?? "no reason given") : reason;
  const message = `${address} closed the WebSocket with code ${code} (${said})`;
  return new TransportError("STREAM_FAILED", "stream", message, address);
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [1002, "protocol error"],
  [1003, "a kind of data it does not accept"],
  [1007, "data that is not consistent"],
  [1008, "policy violation"],
  [1009, "a message too big for it"],
  [1011, "an unexpected condition at its side"],
  [1012, "it restarts"],
  [1013, "try again later"],
]);

/** The socket reported an error after it had opened; its close follows. */
export function streamError(address: string, event: WebSocketEvent): TransportError {
  const cause = causeOf(event);
  const message = `${address} broke the WebSocket: ${wordsOf(event)}`;
  return new TransportError("STREAM_FAILED", "stream", message, address, { cause });
}

/** What NATS never sends, or more than is taken. */
export function unacceptable(address: string, what: string): TransportError {
  return new TransportError("STREAM_FAILED", "stream", `${address} ${what}`, address);
}

/** The target, or an option, is nothing this transport or this runtime can do; nothing was dialled. */
export function unsupported(phase: TransportPhase, message: string, cause?: unknown): TransportError {
  return new TransportError("UNSUPPORTED_TARGET", phase, message, undefined, cause === undefined ? {} : { cause });
}

/** In words; page scripts must not learn what listens where, so a browser's error event is empty. */
export function wordsOf({ error, message }: WebSocketEvent): string {
  if (error instanceof Error && error.message !== "") return hidden(error.message);
  if (message !== undefined && message !== "") return hidden(message);
  return "the runtime does not say why; check host, port and path, and for wss:// the certificate";
}
