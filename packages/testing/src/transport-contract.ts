// What every Transport must do, as cases any test runner can run: prove your own with them. Knows no runner, no concrete
// transport and no NATS bytes; everything it needs of the other side comes from a `TransportContractSubject`. The docstrings
// of @myelin/contracts are the specification.

import assert from "node:assert/strict";
import type { DialTarget, Transport } from "@myelin/contracts";
import { Bench } from "./transport-contract-bench.js";
import { CASES, type CaseBody } from "./transport-contract-cases.js";
import { ROOM_CASES } from "./transport-contract-room.js";

/** The other end of one accepted stream. It reads by itself until told not to. */
export interface ContractPeer {
  /** Everything read so far. */
  received(): Uint8Array;
  /** Length of `received()`. */
  readonly receivedBytes: number;
  /** Sends bytes to the transport under test. */
  send(bytes: Uint8Array): void;
  /** Ends the stream in order, after what was sent. */
  end(): void;
  /** Breaks the stream. Where the medium cannot, except the case `peer-resets`. */
  reset?(): void;
  /** Reads nothing more, so that the network fills up. */
  stopReading(): void;
  /** Reads on. */
  startReading(): void;
  /** True once the stream has gone, however it went. */
  readonly isClosed: boolean;
}

/** A transport together with something to dial; made anew for every case. */
export interface TransportContractSubject {
  /** The one under test. */
  readonly transport: Transport;
  /** A target that accepts. */
  target(): DialTarget;
  /** The peer of the next stream, in the order they are accepted, once it can send. */
  accept(): Promise<ContractPeer>;
  /** Every peer accepted so far. */
  readonly peers: readonly ContractPeer[];
  /** A target nobody listens on; without one, except the case `refused`. */
  refused?(): DialTarget;
  /** A target whose dial never finishes by itself; without one, except the case `abort-while-dialling`. */
  stalled?(): DialTarget;
  /** What the runtime holds open (sockets, timers), by kind; after a case there must be no more than before it. */
  resources?(): readonly string[];
  /** Lets time and I/O pass a little. Default: a real millisecond. */
  settle?(): Promise<void>;
  /** Ends everything the subject opened. */
  teardown(): Promise<void>;
}

/** What a run of the contract needs. */
export interface TransportContractOptions {
  /** Prefix of the case names: `tcp`, `tls first`. */
  readonly name: string;
  /** Makes the subject of one case. */
  setup(): Promise<TransportContractSubject>;
  /** Upgrade every connection with `startTls` before using it. Default `false`. */
  readonly upgrade?: boolean | undefined;
  /** What `encrypted` must say. Default `false`. */
  readonly encrypted?: boolean | undefined;
  /** Cases to leave out, by key, each with the reason, which shows in the result. */
  readonly exceptions?: Readonly<Record<string, string>> | undefined;
}

/** One behaviour, to be run by any test runner. */
export interface TransportContractCase {
  /** A sentence, prefixed with the name of the run. */
  readonly name: string;
  /** Short stable name, for `exceptions`. */
  readonly key: string;
  /** Why the case is left out; its `run` does nothing then. */
  readonly leftOut: string | undefined;
  /** Rejects with an AssertionError. */
  run(): Promise<void>;
}

const NOT_FOR_UPGRADES: Readonly<Record<string, string>> = { "early-bytes": "an upgrade begins in silence" };

/**
 * The contract of {@link Transport} as independent cases, to be given to any runner:
 * `for (const { name, run } of runTransportContract(options)) it(name, run);`
 * After each case every sink must have been told `closed` exactly once and last, and no resource of the runtime be left.
 */
export function runTransportContract(options: TransportContractOptions): readonly TransportContractCase[] {
  return Object.entries({ ...CASES, ...ROOM_CASES }).map(([key, [name, body]]) => {
    const leftOut = options.exceptions?.[key] ?? (options.upgrade ? NOT_FOR_UPGRADES[key] : undefined);
    return {
      key,
      name: `${options.name}: ${name}${leftOut === undefined ? "" : ` (left out: ${leftOut})`}`,
      leftOut,
      run: leftOut === undefined ? () => runCase(options, body) : async () => {},
    };
  });
}

async function runCase(options: TransportContractOptions, body: CaseBody): Promise<void> {
  const subject = await options.setup();
  const bench = new Bench(subject, options);
  try {
    await body(bench);
    for (const { connection } of bench.streams) connection.destroy();
    await bench.until("every stream had gone", () => subject.peers.every((peer) => peer.isClosed));
    await bench.until("every sink was told closed", () => bench.streams.every(({ sink }) => sink.closings.length > 0));
    await bench.aWhile();
    for (const sink of bench.sinks) {
      assert.deepEqual(sink.late, [], "the sink was called after closed");
      assert.ok(sink.closings.length <= 1, `closed was told ${sink.closings.length} times`);
    }
    assert.equal(await bench.leftOpen(), "", "something was left open");
  } finally {
    for (const { connection } of bench.streams) connection.destroy();
    await subject.teardown();
  }
}
