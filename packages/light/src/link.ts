// One link to one server, from the dial to its end: byte stream, INFO, CONNECT and PING, the first PONG, and from then on reading
// and keeping alive. Before the first PONG it ends as a failed attempt, afterwards as a lost link; it never comes back. It knows no
// subscription and no other server.

import type { Auth, Clock, TransportSink } from "@myelin/contracts";
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
import type { ResolvedOptions } from "./options.js";
import type { ByteStream, Dialling } from "./page-socket.js";
import { AuthorizationError, serverErrorOf } from "./server-error.js";
import { hrefOf, type Server } from "./server-list.js";
import { toUtf8 } from "./utf8.js";
import { version } from "./version.js";
import { type IncomingMessage, ProtocolError, wireDecoder } from "./wire.js";

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

/** What a link needs, and whom it tells; no function throws. Exactly one of `failed` and `lost`, and last, unless we end it. */
export interface LinkHost {
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  /** An INFO, the first one or a later one. */
  info(link: Link, info: ServerInfo): void;
  up(link: Link): void;
  failed(link: Link, attempt: ConnectAttempt): void;
  lost(link: Link, error: Error): void;
  message(message: IncomingMessage): void;
  /** An -ERR; returns the error when the server will close the link because of it. */
  serverError(text: string): Error | undefined;
  ping(pending: number): void;
  /** Queues a line; a `quiet` one asks for no sign of life. */
  control(line: string, quiet?: boolean): void;
  drained(): void;
}

export class Link {
  readonly server: Server;
  /** Of this attempt in the life of the connection, from 1. */
  readonly number: number;
  /** Set when the first INFO is there. */
  info!: ServerInfo;
  readonly #host: LinkHost;
  readonly #begin: number;
  readonly #abort = new AbortController();
  readonly #decoder = wireDecoder();
  readonly #cancelTimeout: () => void;
  readonly #pongs: (Deferred<void> | undefined)[] = [];
  #phase: AttemptPhase | "up" | "over" = "tcp";
  #connection: ByteStream | undefined;
  // The stream ended before it was ours.
  #ended: { readonly error: Error | undefined } | undefined;
  #keepAlive: KeepAlive | undefined;
  // What the server said before it closes the link.
  #farewell: Error | undefined;
  // Given before dialling; forgotten with CONNECT.
  #auth: Auth | undefined;

  constructor(server: Server, number: number, host: LinkHost) {
    const { timeout } = host.options;
    this.server = server;
    this.number = number;
    this.#host = host;
    this.#begin = host.clock.now();
    this.#cancelTimeout = host.clock.after(timeout, () =>
      this.fail(new TimeoutError(`connecting to ${this.#url}`, timeout)),
    );
  }

  /** Dials, unless it was ended before. Never rejects. */
  async dial(transport: Dialling): Promise<void> {
    const { authenticator, noRandomize } = this.#host.options;
    const { url, name } = this.server;
    try {
      if (authenticator !== undefined && !(authenticator.needsNonce ?? authenticator.length > 0)) {
        this.#phase = "auth";
        this.#auth = await this.#ask(undefined);
        if (this.#over) return;
        this.#phase = "tcp";
      }
      const target = {
        url: this.#url,
        scheme: url.scheme,
        hostname: url.hostname,
        port: url.port,
        path: url.path,
        serverName: name,
        tls: undefined,
        handshakeFirst: false,
        shuffleAddresses: noRandomize !== true,
        reached: (phase: "dns" | "tcp" | "tls") => {
          if (this.#connection === undefined && !this.#over) this.#phase = phase;
        },
      };
      if (this.#over) return;
      const connection = await transport.connect(target, this.#sink(), this.#abort.signal);
      if (this.#over) return connection.destroy();
      this.#connection = connection;
      this.#phase = "info";
      if (this.#ended === undefined) this.#pump();
      else this.#closed(this.#ended.error);
    } catch (cause) {
      this.fail(errorOf(cause));
    }
  }

  /** True from the first PONG until it ends. */
  get alive(): boolean {
    return this.#phase === "up";
  }

  get #url(): string {
    return hrefOf(this.server.url);
  }

  get #over(): boolean {
    return this.#phase === "over";
  }

  /** Hands bytes to the transport; false = wait for `drained`. */
  write(bytes: Uint8Array): boolean {
    return this.#connection?.write(bytes) === true;
  }

  /** Something is on its way that the server answers sooner or later. */
  expects(): void {
    this.#keepAlive?.outbound();
  }

  /** A PING behind everything queued; resolves on its PONG, rejects when the link ends first. */
  roundTrip(): Promise<void> {
    const pong = deferred();
    this.#pongs.push(pong);
    this.#host.control("PING");
    return pong.promise;
  }

  /** Asks for a sign of life now. */
  probe(): void {
    this.#keepAlive?.probe();
  }

  /** The attempt has failed, or the link is lost. */
  fail(error: Error): void {
    const phase = this.#phase;
    const why = new DisconnectedError(`lost the link to ${this.server.url.address}: ${error.message}`, true, {
      cause: error,
    });
    if (!this.#end(why)) return;
    this.#abort.abort(error);
    this.#connection?.destroy();
    if (phase === "up") return this.#host.lost(this, error);
    const own = (error as { phase?: AttemptPhase }).phase;
    this.#host.failed(this, {
      server: this.#url,
      address: this.#connection?.remoteAddress ?? (error as { address?: string }).address,
      phase:
        error instanceof AuthorizationError
          ? "auth"
          : error instanceof ProtocolError && phase === "tcp"
            ? "info"
            : own !== undefined && /^(dns|tcp|tls)$/.test(own)
              ? own
              : (phase as AttemptPhase),
      error,
      ms: Math.round(this.#host.clock.now() - this.#begin),
    });
  }

  /** Ends it now, without a report. */
  destroy(reason: Error): void {
    if (!this.#end(reason)) return;
    this.#abort.abort(reason);
    this.#connection?.destroy();
  }

  /** Ends the stream in order, within `ms`. Without a report; never rejects. */
  async close(ms: number, reason: Error): Promise<void> {
    if (!this.#end(reason)) return;
    const connection = this.#connection;
    const cancel = this.#host.clock.after(ms, () => connection?.destroy());
    try {
      await connection?.close();
    } catch {
      connection?.destroy();
    }
    cancel();
  }

  #end(reason: Error): boolean {
    if (this.#over) return false;
    this.#phase = "over";
    this.#cancelTimeout();
    this.#keepAlive?.stop();
    for (const pong of this.#pongs.splice(0)) pong?.reject(reason);
    return true;
  }

  #closed(error: Error | undefined): void {
    if (this.#connection === undefined) this.#ended = { error };
    else this.fail(this.#farewell ?? error ?? new ConnectionError(`${this.#url} closed the link`));
  }

  #sink(): TransportSink {
    return {
      data: (chunk) => {
        if (this.#over) return;
        this.#keepAlive?.inbound();
        this.#decoder.push(chunk);
        if (this.#connection !== undefined) this.#pump();
      },
      drain: () => {
        if (this.#phase === "up") this.#host.drained();
      },
      closed: (error) => this.#closed(error),
    };
  }

  // Handles what has arrived; during a TLS upgrade nothing is read. Bad bytes end the link, never the process.
  #pump(): void {
    try {
      while (!this.#over && this.#phase !== "tls") {
        const operation = this.#decoder.next();
        if (operation === undefined) return;
        if ("sid" in operation) {
          if (this.#phase !== "up") throw this.#speaksOtherwise();
          this.#host.message(operation);
          continue;
        }
        const { text, verb } = operation;
        if (verb === "-err") this.#refused(text);
        else if (verb === "info") this.#learn(text);
        else if (this.#phase === "info") throw this.#speaksOtherwise();
        else if (verb === "ping") this.#answer();
        else if (verb === "pong") this.#ponged();
      }
    } catch (cause) {
      this.fail(errorOf(cause));
    }
  }

  #speaksOtherwise(): Error {
    return new ConnectionError(`${this.#url} does not speak NATS: its first words were not INFO; check the port`);
  }

  #refused(text: string): void {
    if (this.#phase === "up") this.#farewell = this.#host.serverError(text) ?? this.#farewell;
    else this.fail(serverErrorOf(text));
  }

  #answer(): void {
    if (this.#phase === "up") this.#host.control("PONG", true);
    else this.write(toUtf8("PONG\r\n"));
  }

  #ponged(): void {
    if (this.#phase !== "ping") return this.#pongs.shift()?.resolve();
    const { clock, options } = this.#host;
    this.#phase = "up";
    this.#cancelTimeout();
    this.#keepAlive = keepAlive(
      clock,
      options.pingInterval,
      options.maxPingOut,
      (pending) => {
        this.#pongs.push(undefined);
        this.#host.control("PING", true);
        this.#host.ping(pending);
      },
      () => this.fail(new StaleConnectionError(`${this.#url} has been silent for too long`)),
    );
    this.#host.up(this);
  }

  #learn(text: string): void {
    let told: { [field: string]: unknown };
    try {
      told = JSON.parse(text) ?? {};
    } catch {
      throw new ProtocolError("INFO: malformed JSON");
    }
    const { max_payload: most } = told;
    const first = this.#phase === "info";
    this.info = {
      server_id: "",
      server_name: "",
      version: "",
      ...told,
      headers: told["headers"] === true,
      max_payload: typeof most === "number" ? most : 1_048_576,
    };
    this.#host.info(this, this.info);
    // A listener of what was learned may have ended us.
    if (first && !this.#over) void this.#identify();
  }

  // TLS where it is asked for, then CONNECT and PING in one write. No credential is written before. Never rejects.
  async #identify(): Promise<void> {
    const { authenticator, name, noEcho, pass, token, user } = this.#host.options;
    const connection = this.#connection as ByteStream;
    const { scheme, ...url } = this.server.url;
    const { headers, nonce } = this.info;
    try {
      const wants = /^(tls|wss)$/.test(scheme) || (this.info["tls_required"] === true && scheme !== "ws");
      if (wants && !connection.encrypted) {
        this.#phase = "tls";
        // What came behind INFO in plain text must not be read as part of the encrypted session.
        if (connection.startTls === undefined || this.#decoder.held > 0) {
          throw new TlsMismatchError(`${this.#url} is not encrypted, but TLS is required`);
        }
        await connection.startTls();
        if (this.#over) return;
      }
      this.#phase = "auth";
      let auth: Auth = {};
      if (token !== undefined) auth = { auth_token: token };
      else if (user !== undefined) auth = { user, pass: pass ?? "" };
      else if (authenticator === undefined) {
        if (url.token !== undefined) auth = { auth_token: url.token };
        else if (url.user !== undefined) auth = { user: url.user, pass: url.pass ?? "" };
      }
      if (authenticator !== undefined) {
        const { expiresAt: _, ...given } = this.#auth ?? (await this.#ask(nonce));
        this.#auth = undefined;
        if (this.#over) return;
        auth = { ...auth, ...given };
      }
      const connect = JSON.stringify({
        verbose: false,
        pedantic: false,
        tls_required: connection.encrypted,
        lang: "typescript",
        version,
        protocol: 1,
        headers,
        no_responders: headers,
        name,
        echo: noEcho === true ? false : undefined,
        ...auth,
      });
      this.#phase = "ping";
      connection.write(toUtf8(`CONNECT ${connect}\r\nPING\r\n`));
      this.#pump();
    } catch (cause) {
      this.fail(errorOf(cause));
    }
  }

  async #ask(nonce: string | undefined): Promise<Auth> {
    const { authenticator } = this.#host.options;
    const { authError } = this.server;
    try {
      const context = { attempt: this.number, server: this.#url, nonce, lastError: authError };
      return { ...(await authenticator?.(nonce, context)) };
    } catch (cause) {
      throw new CallbackError("authenticator", undefined, cause);
    }
  }
}
