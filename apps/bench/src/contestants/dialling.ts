// How a target is written as the options of a client; the same for ours and for nats.js.

import type { Target } from "../job.js";

export interface DialOptions {
  readonly servers: string;
  readonly tls?: { readonly ca: string; readonly handshakeFirst: true };
}

export function dialOptions({ port, link, ca }: Target): DialOptions {
  if (link === "websocket") return { servers: `ws://127.0.0.1:${port}` };
  const tls = link === "tls" && ca !== undefined ? { tls: { ca, handshakeFirst: true } as const } : {};
  return { servers: `${link === "tls" ? "tls" : "nats"}://127.0.0.1:${port}`, ...tls };
}
