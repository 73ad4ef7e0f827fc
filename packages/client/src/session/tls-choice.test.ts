// Plain or TLS: decided by what INFO says and what the caller wants, before a byte of CONNECT is written. A network in memory, where
// an upgrade encrypts in name only. ADR-40.

import type { Transport } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import { describe, expect, it } from "vitest";
import { rejection, simulate } from "../../test/simulated.js";
import type { ConnectError, ConnectionOptions } from "../index.js";

type Outcome = "plain" | "encrypted" | "refused";
type Offer = "nothing" | "available" | "required";

const offers: { readonly [offer in Offer]: Partial<ServerInfo> } = {
  nothing: {},
  available: { tls_available: true },
  required: { tls_required: true },
};

// What the caller says, and the outcome for each offer of the server.
const rows: readonly (readonly [
  what: string,
  options: ConnectionOptions,
  outcomes: { readonly [offer in Offer]: Outcome },
])[] = [
  ["nothing", { servers: "a" }, { nothing: "plain", available: "plain", required: "encrypted" }],
  ["nats://", { servers: "nats://a" }, { nothing: "plain", available: "plain", required: "encrypted" }],
  ["tls://", { servers: "tls://a" }, { nothing: "refused", available: "encrypted", required: "encrypted" }],
  ["tls: true", { servers: "a", tls: true }, { nothing: "refused", available: "encrypted", required: "encrypted" }],
  ["tls: {}", { servers: "a", tls: {} }, { nothing: "refused", available: "encrypted", required: "encrypted" }],
  ["tls: null", { servers: "a", tls: null }, { nothing: "plain", available: "plain", required: "refused" }],
  ["tls: false", { servers: "a", tls: false }, { nothing: "plain", available: "plain", required: "refused" }],
];

describe("what the server offers and the caller wants", () => {
  it.each(
    rows.flatMap(([what, options, outcomes]) =>
      Object.entries(outcomes).map(([offer, outcome]) => [what, offer, outcome, options] as const),
    ),
  )("SEC-TLS-4, SEC-TLS-5, SEC-TLS-6: %s and TLS offered: %s is %s", async (_what, offer, outcome, options) => {
    const { connect, network, serve } = simulate();
    const server = serve("a", { info: offers[offer as Offer] });
    const written: boolean[] = [];
    const watching: Transport = {
      schemes: network.transport.schemes,
      connect: async (target, sink, signal) => {
        const connection = await network.transport.connect(target, sink, signal);
        const write = connection.write.bind(connection);
        connection.write = (chunk) => {
          written.push(connection.encrypted);
          return write(chunk);
        };
        return connection;
      },
    };
    const connecting = connect({ ...options, user: "u", pass: "p", transports: [watching] });
    if (outcome === "refused") {
      const error = (await rejection(connecting)) as ConnectError;
      expect(error.attempts).toMatchObject([{ phase: "tls" }]);
      expect(server.connections[0]?.received).toEqual([]);
      expect(written).toEqual([]);
      return;
    }
    await connecting;
    // Not a byte before it was settled, and the server is told.
    expect([...new Set(written)]).toEqual([outcome === "encrypted"]);
    expect(server.connections[0]?.options?.tls_required).toBe(outcome === "encrypted");
  });
});
