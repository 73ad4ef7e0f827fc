// Counters of a connection's whole life, over all its links.

/** Numbers `stats()` reports. Messages and payload bytes as in nats.js; socket bytes and connects as ADR-40 asks. */
export interface Traffic {
  /** Messages delivered by the server, and their header and payload bytes. */
  inMsgs: number;
  inBytes: number;
  /** Messages accepted for sending while linked, and their header and payload bytes. */
  outMsgs: number;
  outBytes: number;
  /** Bytes read from and written to sockets, before TLS. */
  socketInBytes: number;
  socketOutBytes: number;
  /** Links that reached their first PONG. */
  connects: number;
  /** Accepted publishes that were never sent, each batch announced by a `dropped` event. */
  droppedMsgs: number;
}

/** Numbers over the whole life of a connection. */
export interface Stats extends Readonly<Traffic> {
  /** Links after the first. */
  readonly reconnects: number;
}

/** All zero. */
export function noTraffic(): Traffic {
  return {
    inMsgs: 0,
    inBytes: 0,
    outMsgs: 0,
    outBytes: 0,
    socketInBytes: 0,
    socketOutBytes: 0,
    connects: 0,
    droppedMsgs: 0,
  };
}
