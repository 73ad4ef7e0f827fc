// What the two ends of a carried stream say to each other. Each dial has a MessagePort of its own, made by the end that dials;
// closing it is the last word, from either side. No behaviour here. Source: the structured clone algorithm (HTML), which
// copies the whole buffer under a view, and turns every error into a plain Error.

import type { MessagePort } from "node:worker_threads";
import { type DialTarget, type TlsOptions, TransportError } from "@myelin/contracts";

/** A target without what cannot be sent: functions. */
export type PlainTarget = Omit<DialTarget, "tls" | "reached"> & { readonly tls: TlsOptions | undefined };

/** Sent once for each dial, with the port of its stream. */
export interface DialRequest {
  readonly target: PlainTarget;
  readonly port: MessagePort;
}

/** From the end that dials to the one that holds the socket. */
export type ToHost =
  | { readonly kind: "write"; readonly chunk: Uint8Array }
  /** So many bytes of `data` were handed on: send more. */
  | { readonly kind: "read"; readonly bytes: number }
  /** Upgrade to TLS; `received` bytes had come until then, and no other may. */
  | { readonly kind: "secure"; readonly received: number }
  | { readonly kind: "end" };

/** From the end that holds the socket. */
export type ToDialler =
  | { readonly kind: "reached"; readonly phase: "dns" | "tcp" | "tls" }
  | { readonly kind: "warning"; readonly error: PlainError }
  | { readonly kind: "failed"; readonly error: PlainError }
  | { readonly kind: "opened"; readonly remoteAddress: string; readonly encrypted: boolean }
  | { readonly kind: "data"; readonly chunk: Uint8Array }
  /** So many bytes of `write` have left for the network. */
  | { readonly kind: "written"; readonly bytes: number }
  | { readonly kind: "secured" }
  | { readonly kind: "closed"; readonly error: PlainError | undefined };

export interface PlainError {
  readonly code: TransportError["code"];
  readonly phase: TransportError["phase"];
  readonly message: string;
  readonly address: string | undefined;
  readonly cause: string;
}

export function toPlain(error: TransportError): PlainError {
  const { code, phase, message, address, cause } = error;
  return { code, phase, message, address, cause: cause instanceof Error ? cause.message : message };
}

export function fromPlain({ code, phase, message, address, cause }: PlainError): TransportError {
  return new TransportError(code, phase, message, address, { cause: new Error(cause) });
}

/** Bytes of their own: what shares its buffer with others can be neither given away nor cloned cheaply. */
export function owned(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(chunk);
}

/** The other thread ended, or closed its port, without a word. */
export function lost(code: TransportError["code"], phase: TransportError["phase"], where: string): TransportError {
  const cause = new Error("the port was closed by the other side");
  return new TransportError(code, phase, `${where}: the thread that holds the socket has gone`, where, { cause });
}
