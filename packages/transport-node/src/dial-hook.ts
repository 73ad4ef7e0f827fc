// A stream that somebody else makes: the caller's `dial` function, asked at each dial. Whatever it does, the dial ends in a usable
// stream or in one typed error, and what comes too late is destroyed. Presets are http-connect.ts and socks5.ts.

import { Duplex } from "node:stream";
import { TransportError } from "@myelin/contracts";
import { abortable } from "./open-stream.js";
import { dialError } from "./socket-errors.js";

/** What a {@link Dial} is to lead to: a server, as its URL has it. */
export interface DialDestination {
  /** The URL without credentials. */
  readonly url: string;
  /** Host name or IP address without brackets; nobody has resolved it. */
  readonly hostname: string;
  /** 1–65535. */
  readonly port: number;
}

/**
 * Makes the byte stream to a server: connected, in both directions, without TLS of ours, which comes on top. Called at each dial; may be
 * async. The stream is the transport's from then on, and so is each chunk it delivers.
 *
 * What it throws is the `cause` of a TransportError `CONNECT_FAILED`, or is that error itself where it is a TransportError. The signal aborts
 * when the dial is over, at its time-out too; a stream that comes later is destroyed.
 */
export type Dial = (destination: DialDestination, signal: AbortSignal) => Duplex | Promise<Duplex>;

/**
 * Asks the hook. Rejects with a TransportError or with `signal.reason`, and then holds no stream.
 *
 * @param label of the server, for messages
 */
export async function dialByHook(
  hook: Dial,
  destination: DialDestination,
  label: string,
  signal: AbortSignal,
): Promise<Duplex> {
  const refuse = (problem: string, options?: ErrorOptions): TransportError =>
    new TransportError("CONNECT_FAILED", "tcp", `${label} could not be dialled: ${problem}`, label, options);
  // In here, so that what it throws at once is a rejection too.
  const asked = (async (): Promise<unknown> => hook(destination, signal))();
  void asked.then(
    (late) => {
      if (signal.aborted && late instanceof Duplex) dispose(late);
    },
    () => {},
  );
  let stream: unknown;
  try {
    stream = await abortable(asked, signal);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof TransportError) throw cause;
    throw refuse(`the dial function failed (${wordsOf(cause)})`, { cause });
  }
  if (!(stream instanceof Duplex)) throw refuse("the dial function answered no Duplex stream");
  const problem = problemOf(stream);
  if (problem !== undefined) {
    dispose(stream);
    throw refuse(`the dial function answered a stream that ${problem}`);
  }
  // Stays on for good: an error after the end of interest must not become an uncaught one.
  stream.on("error", ignore);
  if ("connecting" in stream && stream.connecting === true) await connected(stream, label, signal);
  return stream;
}

// A socket straight from net.connect() may be handed over before it is connected.
function connected(socket: Duplex, label: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.off("connect", done);
      socket.off("error", failed);
      socket.off("close", closed);
      signal.removeEventListener("abort", aborted);
    };
    const done = (): void => {
      stop();
      resolve();
    };
    const fail = (reason: unknown): void => {
      stop();
      socket.destroy();
      reject(reason);
    };
    const failed = (cause: Error): void => fail(dialError(label, cause));
    const closed = (): void => failed(new Error("the stream was closed"));
    const aborted = (): void => fail(signal.reason);
    socket.on("connect", done);
    socket.on("error", failed);
    socket.on("close", closed);
    signal.addEventListener("abort", aborted);
    if (signal.aborted) aborted();
  });
}

function problemOf(stream: Duplex): string | undefined {
  if (stream.destroyed || (stream.errored ?? null) !== null) return "is destroyed already";
  // One that is not connected yet is neither.
  const connecting = "connecting" in stream && stream.connecting === true;
  if (!connecting && (!stream.readable || !stream.writable)) return "has ended already";
  if (stream.readableObjectMode || stream.writableObjectMode) return "carries objects, not bytes";
  return (stream.readableEncoding ?? null) === null ? undefined : "carries text, not bytes: leave out setEncoding()";
}

function dispose(stream: Duplex): void {
  stream.on("error", ignore);
  stream.destroy();
}

function wordsOf(cause: unknown): string {
  try {
    return String(cause instanceof Error ? cause.message : cause);
  } catch {
    return "with something that cannot be printed";
  }
}

function ignore(): void {}
