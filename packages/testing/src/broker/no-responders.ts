// The answer when nobody is there. Source: ADR-4, and what nats-server sends; from 2.12 on it says which subject it was.

import type { RoutedMessage } from "./message-router.js";

/** @param detailed as servers from 2.12 on */
export function noResponders(subject: string, reply: string, detailed: boolean): RoutedMessage {
  const detail = detailed ? `Nats-Subject: ${subject}\r\n` : "";
  const headerBlock = new TextEncoder().encode(`NATS/1.0 503\r\n${detail}\r\n`);
  return { subject: reply, reply: undefined, headerBlock, payload: new Uint8Array(0) };
}
