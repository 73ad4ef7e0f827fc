// What a transport delivers reaches the handshake first and the link after it, and nobody twice.

import { TransportError, type TransportSink } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { Incoming } from "./incoming.js";

const reset = new TransportError("CONNECTION_RESET", "stream", "reset", "a:1");

function told(log: string[], who: string): TransportSink & { warning(): void; reached(phase: string): void } {
  return {
    data: (chunk) => void log.push(`${who} data ${chunk.length}`),
    drain: () => void log.push(`${who} drain`),
    closed: (error) => void log.push(`${who} closed ${error?.code}`),
    warning: () => void log.push(`${who} warning`),
    reached: (phase) => void log.push(`${who} reached ${phase}`),
  };
}

describe("what a transport delivers", () => {
  it("goes to the handshake until that hands over, then to the link alone", () => {
    const log: string[] = [];
    const incoming = new Incoming(told(log, "handshake"));
    incoming.reached("tls");
    incoming.warning(reset);
    incoming.data(new Uint8Array(3));
    incoming.handOver(told(log, "link"));
    incoming.data(new Uint8Array(4));
    incoming.drain();
    incoming.reached("tcp");
    incoming.warning(reset);
    incoming.closed(reset);
    expect(log).toEqual([
      "handshake reached tls",
      "handshake warning",
      "handshake data 3",
      "link data 4",
      "link drain",
      "link closed CONNECTION_RESET",
    ]);
  });

  it("may be read to where the link wants it, once there is one", () => {
    const incoming = new Incoming(told([], "handshake"));
    expect(incoming.room()).toBeUndefined();
    const room = new Uint8Array(8);
    incoming.handOver({ ...told([], "link"), room: () => room });
    expect(incoming.room()).toBe(room);
  });

  it("an end that came before is told to the link at once", () => {
    const log: string[] = [];
    const incoming = new Incoming(told(log, "handshake"));
    incoming.closed(undefined);
    expect(incoming.ended).toEqual({ error: undefined });
    incoming.handOver(told(log, "link"));
    expect(log).toEqual(["handshake closed undefined", "link closed undefined"]);
  });
});
