// A transport that remembers what it was asked to dial, and may send the dial elsewhere. For tests of the list itself.

import type { DialTarget, Transport, TransportConnection, TransportSink } from "@myelin/contracts";
import { tcpTransport } from "@myelin/transport-node";

export interface RecordingTransport extends Transport {
  /** Every target, in the order of the dials. */
  readonly dials: readonly DialTarget[];
}

export interface RecordingTransportOptions {
  /** Default `nats` and `tls`. */
  readonly schemes?: readonly string[];
  /** Where to dial instead. Default: where it was told. */
  readonly redirect?: (target: DialTarget) => DialTarget;
  /** Default: TCP. */
  readonly transport?: Transport;
}

export function recordingTransport(options: RecordingTransportOptions = {}): RecordingTransport {
  const { schemes = ["nats", "tls"], redirect = (target) => target, transport = tcpTransport() } = options;
  const dials: DialTarget[] = [];
  return {
    schemes,
    dials,
    connect(target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<TransportConnection> {
      dials.push(target);
      return transport.connect(redirect(target), sink, signal);
    },
  };
}
