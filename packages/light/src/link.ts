// One link to one server, from the dial to its end: byte stream, INFO, CONNECT and PING, the first PONG, and from then on reading
// and keeping alive. Before the first PONG it ends as a failed attempt, afterwards as a lost link; it never comes back. It knows no
// subscription and no other server.

import type { Auth, TransportSink } from "@myelin/contracts";
import { type Deferred, deferred } from "./deferred.js";
import {
  type AttemptPhase,
  CallbackError,
  type ConnectAttempt,
  ConnectionError,
  DisconnectedError,
  errorOf,
  StaleConnectionError,
  TimeoutError,
  TlsMismatchError,
} from "./errors.js";
import { type KeepAlive, keepAlive } from "./keep-alive.js";
import type { ByteStream, Dialling } from "./page-socket.js";
import { AuthorizationError, serverErrorOf } from "./server-error.js";
import type { Server } from "./server-list.js";
import type { Shared } from "./shared.js";
import { toUtf8 } from "./utf8.js";
import { version } from "./version.js";
import { ProtocolError, wireDecoder } from "./wire.js";

/** What a server tells about itself; fields not named here are kept as they came. */
export interface ServerInfo {
  /** Unique, and a new one after every restart. */
  readonly server_id: string;
  /** The configured name, else the id. */
  readonly server_name: string;
  /** Semantic version. */
  readonly version: string;
  /** Most bytes of headers and payload together in one message. */
  readonly max_payload: number;
  /** The server understands headers. */
  readonly headers: boolean;
  /** Lame duck mode: this server is about to leave. */
  readonly ldm?: boolean;
  /** To be signed by clients that authenticate with an nkey or a JWT. */
  readonly nonce?: string;
  /** Whatever else it tells. */
  readonly [field: string]: unknown;
}

/** Whom a link tells; no function throws. Exactly one of `failed` and `lost`, and last, unless we end it. */
export interface LinkHost {
  /** An INFO, the first one or a later one. */
  learned(link: Link): void;
  up(link: Link): void;
  failed(link: Link, attempt: ConnectAttempt): void;
  lost(link: Link, error: Error): void;
}

export interface Link {
  readonly server: Server;
  /** Of this attempt in the life of the connection, from 1. */
  readonly number: number;
  /** Of this link in the life of the connection, from 1; 0 before it is up. */
  epoch: number;
  /** The latest INFO; not to be read before there was one. */
  readonly info: ServerInfo;
  /** True from the first PONG until it ends. */
  isUp(): boolean;
  /** Dials, unless it was ended before. Never rejects. */
  dial(transport: Dialling): Promise<void>;
  /** Hands bytes to the transport; false = wait for its drain. */
  write(bytes: Uint8Array): boolean;
  /** Something is on its way that the server answers sooner or later. */
  expects(): void;
  /** A PING behind everything queued; resolves on its PONG, rejects when the link ends first. */
  roundTrip(): Promise<void>;
  /** Asks for a sign of life now. */
  probe(): void;
  /** The attempt has failed, or the link is lost. */
  fail(error: Error): void;
  /** Ends it now, without a report. */
  destroy(reason: Error): void;
  /** Ends the stream in order, within `ms`. Without a report; never rejects. */
  close(ms: number, reason: Error): Promise<void>;
}

export function openLink(shared: Shared, server: Server, number: number, host: LinkHost): Link {
  const { clock, options, outbox } = shared;
  const { authenticator, noRandomize, timeout } = options;
  const { address, hostname, href, path, port, scheme } = server;
  const begin = clock.now();
  const abort = new AbortController();
  const decoder = wireDecoder();
  const pongs: (Deferred<void> | undefined)[] = [];
  let phase: AttemptPhase | "up" | "over" = "tcp";
  let stream: ByteStream | undefined;
  // The stream ended before it was ours.
  let ended: { readonly error: Error | undefined } | undefined;
  let alive: KeepAlive | undefined;
  let info: ServerInfo | undefined;
  // What the server said before it closes the link.
  let farewell: Error | undefined;
  // Given before dialling; forgotten with CONNECT.
  let auth: Auth | undefined;

  const cancelTimeout = clock.after(timeout, () => fail(new TimeoutError(`connecting to ${href}`, timeout)));
  const isOver = (): boolean => phase === "over";

  const end = (reason: Error): boolean => {
    if (isOver()) return false;
    phase = "over";
    cancelTimeout();
    alive?.stop();
    for (const pong of pongs) pong?.reject(reason);
    return true;
  };

  const destroy = (reason: Error): boolean => {
    if (!end(reason)) return false;
    abort.abort(reason);
    stream?.destroy();
    return true;
  };

  const fail = (error: Error): void => {
    const reached = phase;
    const why = new DisconnectedError(`lost the link to ${address}: ${error.message}`, { cause: error });
    if (!destroy(why)) return;
    if (reached === "up") {
      host.lost(link, error);
      return;
    }
    const told = error as { readonly phase?: AttemptPhase | "stream"; readonly address?: string };
    const own = error instanceof AuthorizationError ? "auth" : told.phase;
    host.failed(link, {
      server: href,
      address: stream?.remoteAddress ?? told.address,
      phase: own === undefined || own === "stream" ? (reached as AttemptPhase) : own,
      error,
      ms: Math.round(clock.now() - begin),
    });
  };

  // Runs what may fail, and ends the link when it does: never the process.
  const guarded = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (cause) {
      fail(errorOf(cause));
    }
  };

  const ask = async (nonce: string | undefined): Promise<Auth> => {
    try {
      const context = { attempt: number, server: href, nonce, lastError: server.authError };
      return { ...(await authenticator?.(nonce, context)) };
    } catch (cause) {
      throw new CallbackError("authenticator", undefined, cause);
    }
  };

  const closed = (error: Error | undefined): void => {
    if (stream === undefined) ended = { error };
    else fail(farewell ?? error ?? new ConnectionError(`${href} closed the link`));
  };

  const sink: TransportSink = {
    data(chunk) {
      if (isOver()) return;
      alive?.inbound();
      decoder.push(chunk);
      if (stream !== undefined) pump();
    },
    drain() {
      if (phase === "up") outbox.drained();
    },
    closed,
  };

  // Before CONNECT there was nothing to refuse; that it waited too long for an authenticator of ours is another matter.
  const refusal = (text: string): Error => {
    const error = serverErrorOf(text);
    const late = authenticator !== undefined && error.code === "AUTHENTICATION_TIMEOUT";
    return phase !== "ping" && !late && error instanceof AuthorizationError
      ? new ConnectionError(`${href} refused credentials that it was not sent: ${text}`)
      : error;
  };

  // Handles what has arrived.
  const pump = (): void => {
    try {
      while (!isOver()) {
        const operation = decoder.next();
        if (operation === undefined) return;
        const { verb } = operation;
        if (verb === "-err") {
          if (phase === "up") farewell = shared.refused(operation.text, link) ?? farewell;
          else fail(refusal(operation.text));
        } else if (verb === "info") learn(operation.text);
        else if (phase === "up" && "sid" in operation) shared.message(operation);
        else if (phase === "info" || "sid" in operation) {
          throw new ConnectionError(`${href} does not speak NATS: its first words were not INFO; check the port`);
        } else if (verb === "ping") {
          if (phase === "up") outbox.control("PONG", true);
          else stream?.write(toUtf8("PONG\r\n"));
        } else if (verb === "pong") {
          if (phase === "ping") up();
          else pongs.shift()?.resolve();
        }
      }
    } catch (cause) {
      fail(errorOf(cause));
    }
  };

  const up = (): void => {
    phase = "up";
    cancelTimeout();
    alive = keepAlive(
      clock,
      options.pingInterval,
      options.maxPingOut,
      (pendingPings) => {
        pongs.push(undefined);
        outbox.control("PING", true);
        shared.emit({ type: "ping", epoch: link.epoch, pendingPings });
      },
      () => fail(new StaleConnectionError(`${href} has been silent for too long`)),
    );
    host.up(link);
  };

  const learn = (text: string): void => {
    let told: { [field: string]: unknown };
    try {
      told = JSON.parse(text);
      if (!(told instanceof Object)) throw 0;
    } catch {
      throw new ProtocolError("INFO: malformed JSON");
    }
    const { headers, max_payload: most } = told;
    const first = phase === "info";
    info = {
      ...(told as Pick<ServerInfo, "server_id" | "server_name" | "version">),
      headers: headers === true,
      max_payload: typeof most === "number" ? most : 1_048_576,
    };
    host.learned(link);
    // A listener of what was learned may have ended us.
    if (first && !isOver()) void guarded(identify);
  };

  // CONNECT and PING in one write; no credential is written in plain text where TLS is asked for.
  const identify = async (): Promise<void> => {
    const { headers, nonce, tls_required: demanded } = info as ServerInfo;
    // A WebSocket is encrypted or not before the first byte, whatever a server behind a proxy says of itself.
    if (stream?.encrypted !== true && (/tls|wss/.test(scheme) || (demanded === true && !server.webSocket))) {
      phase = "tls";
      throw new TlsMismatchError(`${href} is not encrypted, but TLS is required`);
    }
    phase = "auth";
    const { name, noEcho, pass, token, user } = options;
    const own = token !== undefined || user !== undefined || authenticator !== undefined;
    const given = own ? { token, user, pass } : server;
    // Also where nobody has to be asked: what came behind INFO is read meanwhile, and who refuses us is told nothing.
    const asked = await (auth ?? ask(nonce));
    auth = undefined;
    if (isOver()) return;
    const connect = {
      verbose: false,
      pedantic: false,
      tls_required: stream?.encrypted,
      lang: "typescript",
      version,
      protocol: 1,
      headers,
      no_responders: headers,
      name,
      echo: noEcho === true ? false : undefined,
      auth_token: given.token,
      user: given.user,
      pass: given.user === undefined ? undefined : (given.pass ?? ""),
      ...asked,
      expiresAt: undefined,
    };
    phase = "ping";
    stream?.write(toUtf8(`CONNECT ${JSON.stringify(connect)}\r\nPING\r\n`));
    pump();
  };

  const link: Link = {
    server,
    number,
    epoch: 0,
    get info() {
      return info as ServerInfo;
    },
    isUp: () => phase === "up",
    dial: (transport) =>
      guarded(async () => {
        if (authenticator !== undefined && !(authenticator.needsNonce ?? authenticator.length > 0)) {
          phase = "auth";
          auth = await ask(undefined);
        }
        if (isOver()) return;
        phase = "tcp";
        const target = {
          url: href,
          scheme,
          hostname,
          port,
          path,
          serverName: server.name,
          tls: undefined,
          handshakeFirst: false,
          shuffleAddresses: noRandomize !== true,
          reached(step: "dns" | "tcp" | "tls") {
            if (stream === undefined && !isOver()) phase = step;
          },
        };
        const opened = await transport.connect(target, sink, abort.signal);
        if (isOver()) return opened.destroy();
        stream = opened;
        phase = "info";
        if (ended === undefined) pump();
        else closed(ended.error);
      }),
    write: (bytes) => stream?.write(bytes) === true,
    expects: () => alive?.outbound(),
    roundTrip() {
      const pong = deferred();
      pongs.push(pong);
      outbox.control("PING");
      return pong.promise;
    },
    probe: () => alive?.probe(),
    fail,
    destroy,
    async close(ms, reason) {
      if (!end(reason)) return;
      const cancel = clock.after(ms, () => stream?.destroy());
      try {
        await stream?.close();
      } catch {
        stream?.destroy();
      }
      cancel();
    },
  };
  return link;
}
