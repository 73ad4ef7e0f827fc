// What this process and a driver say to each other: one JSON object a line, commands on its standard input, answers and events
// on its standard output. Payloads are base64. The drivers in drivers/ implement it; README.md describes it.

import type { HeaderList, PeerFailure, PeerMessage } from "./peer.js";

/** A message on its way through JSON. */
export interface WireMessage {
  readonly subject: string;
  readonly reply?: string;
  readonly data: string;
  readonly headers?: HeaderList;
  readonly status?: number;
  readonly description?: string;
}

export interface ReadyEvent {
  readonly event: "ready";
  readonly library: string;
  readonly version: string;
  readonly runtime: string;
}

export interface MessageEvent {
  readonly event: "message";
  readonly sub: string;
  readonly message: WireMessage;
}

/** The answer to the command with this id. */
export interface DriverAnswer {
  readonly id: number;
  readonly message?: WireMessage;
  readonly messages?: readonly WireMessage[];
  readonly error?: { readonly code: PeerFailure; readonly text: string };
}

export type DriverLine = ReadyEvent | MessageEvent | DriverAnswer;

export function toBase64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}

export function fromWire(message: WireMessage): PeerMessage {
  return {
    subject: message.subject,
    reply: message.reply === "" ? undefined : message.reply,
    data: new Uint8Array(Buffer.from(message.data, "base64")),
    headers: message.headers ?? [],
    status: message.status ?? 0,
    description: message.description ?? "",
  };
}
