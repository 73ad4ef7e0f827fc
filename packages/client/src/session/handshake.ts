// One attempt on one server: byte stream, INFO, TLS upgrade, CONNECT and PING, first PONG. It ends in a greeting that a link
// can be built on, or in one error and the phase it happened in, and then leaves nothing open. ADR-40, "Connection".

import type { Auth, Transport, TransportConnection, TransportError, TransportSink } from "@myelin/contracts";
import { classifyServerError, Decoder, Encoder, Op, ProtocolError, type ServerInfo } from "@myelin/protocol";
import type { ServerView } from "@myelin/server-pool";
import { type Deferred, deferred } from "../deferred.js";
import {
  type AttemptPhase,
  AuthorizationError,
  CallbackError,
  ConnectionError,
  errorOf,
  TlsMismatchError,
} from "../errors.js";
import { infoShown, type Note } from "../history.js";
import type { ResolvedOptions } from "../resolved-options.js";
import { serverErrorOf } from "../server-error.js";
import {
  AttemptCredentials,
  AuthenticatorFailure,
  type CredentialOptions,
  credentialsShown,
  lackingIn,
} from "./authentication.js";
import { connectOptions } from "./connect-operation.js";
import { dialTarget } from "./dial-target.js";
import { encryption } from "./encryption.js";
import { type DialingSink, Incoming } from "./incoming.js";

/** Who we are, for CONNECT's `lang` and `version`. */
export interface ClientIdentity {
  /** `lang` of CONNECT, shown by the server's monitoring. */
  readonly lang: string;
  /** `version` of CONNECT. */
  readonly version: string;
}

/** When what a link was made with ends, in milliseconds since the Unix epoch; `undefined` = never, or nobody knows. */
export interface LinkExpiry {
  readonly credentials: number | undefined;
  readonly certificate: number | undefined;
}

/** A server that answered our first PING. */
export interface Greeting {
  readonly connection: TransportConnection;
  /** Stands behind the PONG; may hold operations that came with it. */
  readonly decoder: Decoder;
  readonly info: ServerInfo;
  /** When what it was made with ends. */
  readonly expiry: LinkExpiry;
  /** From now on `sink` gets what the transport delivers, and at once its end, should that have come already. */
  handOver(sink: TransportSink): void;
}

/** What an attempt tells before it ends. */
export interface AttemptListener {
  /** The server's INFO, as soon as it is there, also when the server then refuses us. */
  learned(info: ServerInfo): void;
  /** Something is wrong that the transport could work around. */
  warned(error: TransportError): void;
  readonly note: Note;
  wallTime(): number;
  /** As of the clock. */
  readonly endOfTurn: (run: () => void) => void;
}

/** An attempt failed; `phase` tells how far it had come. */
export class AttemptFailure extends Error {
  constructor(
    readonly phase: AttemptPhase,
    override readonly cause: Error,
    readonly address: string | undefined,
  ) {
    super(cause.message);
  }
}

/** What a handshake wants of the options. */
export type HandshakeOptions = CredentialOptions &
  Pick<ResolvedOptions, "tls" | "tlsMode" | "noEcho" | "verbose" | "pedantic" | "name" | "randomize" | "resolve">;

/** An attempt under way. */
export interface HandshakeUnderWay {
  /** Rejects with {@link AttemptFailure}. */
  readonly greeting: Pick<Deferred<Greeting>, "promise">;
  /** Makes it reject with this cause, unless it has ended. */
  fail(cause: Error): void;
}

/**
 * Makes one attempt. Bounded by whoever calls its `fail`, and then aborts `signal`: that is for the transport and for authenticators.
 *
 * @param attempt number of this attempt in the life of the connection, from 1
 */
export function shakeHands(
  transport: Transport,
  server: ServerView,
  attempt: number,
  options: HandshakeOptions,
  identity: ClientIdentity,
  signal: AbortSignal,
  listener: AttemptListener,
): HandshakeUnderWay {
  const credentials = new AttemptCredentials(options, server, attempt, signal);
  const handshake = new Handshake(server, credentials, options, identity, listener);
  const dial = (): void => {
    const { incoming } = handshake;
    const failed = (cause: unknown): void => handshake.fail(errorOf(cause));
    try {
      transport
        .connect(dialTarget(server, options, incoming), incoming, signal)
        .then((connection) => handshake.open(connection), failed);
    } catch (cause) {
      // A transport that breaks its contract.
      failed(cause);
    }
  };
  if (credentials.needsPreparation) handshake.prepare(dial);
  else dial();
  return handshake;
}

class Handshake implements DialingSink, HandshakeUnderWay {
  readonly greeting: Deferred<Greeting> = deferred<Greeting>();
  readonly incoming: Incoming = new Incoming(this);
  readonly #server: ServerView;
  readonly #credentials: AttemptCredentials;
  readonly #options: HandshakeOptions;
  readonly #identity: ClientIdentity;
  readonly #listener: AttemptListener;
  readonly #note: Note;
  readonly #decoder = new Decoder({ from: "server" });
  #phase: AttemptPhase | "greeted" | "failed" = "tcp";
  #connection: TransportConnection | undefined;
  #info: ServerInfo | undefined;
  #credentialsExpireAt: number | undefined;
  #lacking: string | undefined;

  constructor(
    server: ServerView,
    credentials: AttemptCredentials,
    options: HandshakeOptions,
    identity: ClientIdentity,
    listener: AttemptListener,
  ) {
    this.#server = server;
    this.#credentials = credentials;
    this.#options = options;
    this.#identity = identity;
    this.#listener = listener;
    this.#note = listener.note;
  }

  /** Fetches the credentials that need no nonce, then dials: however long they take, no server waits for them. */
  prepare(dial: () => void): void {
    this.#phase = "auth";
    this.#credentials
      .prepare()
      .then(() => {
        if (this.#phase !== "auth") return;
        this.#phase = "tcp";
        dial();
      })
      .catch((cause: unknown) => this.#failAuthenticator(cause));
  }

  reached(phase: "dns" | "tcp" | "tls"): void {
    if (this.#connection === undefined && this.#phase !== "failed") this.#phase = phase;
  }

  /** The byte stream is there. */
  open(connection: TransportConnection): void {
    if (this.#phase === "failed") {
      connection.destroy();
      return;
    }
    this.#connection = connection;
    this.#phase = "info";
    this.#note("own", connection.encrypted ? "open, encrypted:" : "open:", connection.remoteAddress);
    const { ended } = this.incoming;
    if (ended !== undefined) this.closed(ended.error);
    else this.#read();
  }

  data(chunk: Uint8Array): void {
    if (this.#phase === "failed") return;
    try {
      this.#decoder.push(chunk);
    } catch (cause) {
      this.fail(errorOf(cause));
      return;
    }
    this.#read();
  }

  // What a handshake writes fits anywhere.
  drain(): void {}

  warning(error: TransportError): void {
    if (this.#phase !== "failed") this.#listener.warned(error);
  }

  closed(error: TransportError | undefined): void {
    if (this.#connection === undefined) return;
    this.fail(
      error ?? new ConnectionError(`${this.#server.url.href} closed the link before it had answered; see its log`),
    );
  }

  get #isOver(): boolean {
    return this.#phase === "failed" || this.#phase === "greeted";
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    const phase = phaseOf(error, this.#phase);
    const address = this.#connection?.remoteAddress ?? (error as { address?: string }).address;
    this.#phase = "failed";
    this.#connection?.destroy();
    this.greeting.reject(new AttemptFailure(phase, error, address));
  }

  // Reads operations as far as the phase allows. During a TLS upgrade nothing is read: what arrives then is an error.
  #read(): void {
    try {
      while (this.#phase === "info" || this.#phase === "auth" || this.#phase === "ping") {
        const op = this.#decoder.next();
        if (op === Op.None) return;
        this.#handle(op);
      }
    } catch (cause) {
      this.fail(errorOf(cause));
    }
  }

  #handle(op: Op): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (op === Op.Err) {
      this.#note("in", `-ERR ${this.#decoder.text()}`);
      this.fail(this.#refusal(this.#decoder.text()));
    } else if (this.#phase === "info" && this.#info !== undefined) this.fail(this.#plaintext());
    else if (op === Op.Info) {
      const info = this.#decoder.info();
      this.#note("in", "INFO", infoShown(info));
      const first = this.#info === undefined;
      this.#info = info;
      if (first) this.#listener.learned(info);
      // A listener of what was learned may have called us off.
      if (!first || this.#phase !== "info") return;
      // A server that is full says so at once, in plain also where it wants TLS: it is not told who we are.
      const behind = this.#decoder.next();
      if (behind !== Op.Err) this.#secure(connection, info, behind);
      if (behind !== Op.None && !this.#isOver) this.#handle(behind);
    } else if (this.#phase === "info") {
      this.fail(
        new ConnectionError(
          `${this.#server.url.href} does not speak NATS: its first words were not INFO; check the port`,
        ),
      );
    } else if (op === Op.Pong && this.#phase === "ping" && this.#info !== undefined) {
      this.#note("in", "PONG");
      this.#phase = "greeted";
      this.greeting.resolve({
        connection,
        decoder: this.#decoder,
        info: this.#info,
        expiry: { credentials: this.#credentialsExpireAt, certificate: connection.certificateExpiresAt },
        handOver: (sink) => this.incoming.handOver(sink),
      });
    } else if (op === Op.Ping) {
      this.#note("in", "PING");
      this.#note("out", "PONG");
      const encoder = new Encoder();
      encoder.pong();
      writeAll(connection, encoder);
    }
  }

  // No credential is written before it is settled whether there is TLS.
  #secure(connection: TransportConnection, info: ServerInfo, behind: Op): void {
    const way = encryption(this.#options, this.#server.url, connection, info);
    if (way === "as it is") this.#identify(connection, info);
    else if (way instanceof Error) {
      if (way instanceof TlsMismatchError) this.#phase = "tls";
      this.fail(way);
    } else if (behind !== Op.None) this.fail(this.#plaintext());
    else {
      // What a server that is full says behind its INFO may come in a chunk of its own: it is read before TLS takes the socket, which
      // makes "wrong version number" of it. Whatever is there by now comes with the next turn.
      const { endOfTurn } = this.#listener;
      endOfTurn(() => endOfTurn(() => this.#upgrade(connection, info, way)));
    }
  }

  #upgrade(connection: TransportConnection, info: ServerInfo, startTls: () => Promise<void>): void {
    if (this.#phase !== "info") return;
    this.#phase = "tls";
    if (this.#decoder.bufferedBytes > 0) {
      this.fail(this.#plaintext());
      return;
    }
    this.#note("own", "TLS upgrade");
    startTls().then(
      () => {
        if (this.#phase === "tls") this.#identify(connection, info);
      },
      (cause: unknown) => this.fail(errorOf(cause)),
    );
  }

  #plaintext(): Error {
    return new ConnectionError(`${this.#server.url.href} sent plaintext behind its INFO before the TLS upgrade`);
  }

  // At once where nobody has to be asked, which saves each connect a turn of promises.
  #identify(connection: TransportConnection, info: ServerInfo): void {
    this.#phase = "auth";
    const plain = this.#credentials.plain;
    if (plain !== undefined) {
      this.#introduce(connection, info, plain);
      return;
    }
    this.#credentials.complete(info.nonce).then(
      ({ expiresAt, ...auth }) => {
        this.#credentialsExpireAt = expiresAt;
        if (this.#phase === "auth") this.#introduce(connection, info, auth);
      },
      (cause: unknown) => this.#failAuthenticator(cause),
    );
  }

  // CONNECT and PING in one write. Does not throw.
  #introduce(connection: TransportConnection, info: ServerInfo, auth: Auth): void {
    this.#lacking = lackingIn(auth, info.nonce, this.#credentialsExpireAt, this.#listener.wallTime());
    try {
      const encoder = new Encoder();
      encoder.connect(connectOptions(this.#options, this.#identity, info, connection.encrypted, auth));
      encoder.ping();
      this.#phase = "ping";
      writeAll(connection, encoder);
      this.#note("out", "CONNECT", connection.encrypted ? "over TLS" : "", ...credentialsShown(auth));
      this.#note("out", "PING");
    } catch (cause) {
      this.fail(errorOf(cause));
    }
  }

  // What a server says that takes no credentials of ours tells less than what we know: that we gave none, or not all.
  #refusal(text: string): Error {
    const error = serverErrorOf(text);
    // It may have waited too long for an authenticator of ours. Otherwise nothing was sent that could be refused: whoever can write to
    // the plain beginning of a link must not end a client for good.
    const late = this.#phase === "auth" && error.code === "AUTHENTICATION_TIMEOUT";
    if (this.#phase !== "ping" && !late && error instanceof AuthorizationError)
      return new ConnectionError(`${this.#server.url.href} refused credentials that it was not sent: ${text}`);
    if (this.#lacking === undefined || classifyServerError(text).kind !== "auth") return error;
    return new AuthorizationError(`the server refused us: ${text}; ${this.#lacking}`);
  }

  #failAuthenticator(cause: unknown): void {
    this.fail(
      cause instanceof AuthenticatorFailure
        ? new CallbackError("authenticator", undefined, cause.cause)
        : errorOf(cause),
    );
  }
}

function writeAll(connection: TransportConnection, encoder: Encoder): void {
  for (let block = encoder.take(); block !== undefined; block = encoder.take()) connection.write(block);
}

function phaseOf(error: Error, reached: AttemptPhase | "greeted" | "failed"): AttemptPhase {
  const own = (error as { phase?: unknown }).phase;
  if (own === "dns" || own === "tcp" || own === "tls") return own;
  if (error instanceof ProtocolError && reached === "tcp") return "info";
  // CONNECT and PING leave together, so the refusal of the first arrives while we wait for the answer to the second.
  if (error instanceof AuthorizationError) return "auth";
  return reached === "greeted" || reached === "failed" ? "ping" : reached;
}
