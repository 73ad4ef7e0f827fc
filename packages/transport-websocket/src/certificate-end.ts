// When our own certificate ends, as the connections of Node tell it. Apart from the transport, so that a browser, which is given no
// certificate, carries nothing of it. Source: node:crypto.

import { X509Certificate } from "node:crypto";
import type { DialTarget, Transport } from "@myelin/contracts";
import { transportOf, type WebSocketRuntime, type WebSocketTransportOptions } from "./web-socket-transport.js";
import { wsSupport } from "./ws-support.js";

/** The transport of a runtime with `ws`; its connections have `certificateExpiresAt`, of the certificate that was read for their dial. */
export function tellingCertificateEnd(options: WebSocketTransportOptions, runtime: WebSocketRuntime): Transport {
  const ends = new WeakMap<DialTarget, number>();
  const transport = transportOf(options, {
    ...runtime,
    ws: {
      ...wsSupport,
      tlsOptionsOf: async (target, ...rest) => {
        const tls = await wsSupport.tlsOptionsOf(target, ...rest);
        const end = endOfChain(tls["cert"]);
        if (end !== undefined) ends.set(target, end);
        return tls;
      },
    },
  });
  return {
    schemes: transport.schemes,
    connect: async (target, sink, signal) => {
      // One of this dial alone: a caller may dial the same target twice.
      const dialled = { ...target };
      const connection = await transport.connect(dialled, sink, signal);
      const value = ends.get(dialled);
      return value === undefined ? connection : Object.defineProperty(connection, "certificateExpiresAt", { value });
    },
  };
}

const CERTIFICATE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[\s\S]*?-----END \1-----/g;

/**
 * When the first certificate of a chain ends, in ms since the Unix epoch. One that had ended before our own began does not count: it is
 * a leftover nobody verifies by. `undefined` without any, and for what cannot be read, which the dial says itself.
 */
function endOfChain(pem: unknown): number | undefined {
  const text = pem instanceof Uint8Array ? new TextDecoder().decode(pem) : String(pem);
  try {
    const chain = (text.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
    const begin = Date.parse(chain[0]?.validFrom ?? "");
    const ends = chain.map(({ validTo }) => Date.parse(validTo)).filter((end) => end > begin);
    return ends.length === 0 ? undefined : Math.min(...ends);
  } catch {
    return undefined;
  }
}
