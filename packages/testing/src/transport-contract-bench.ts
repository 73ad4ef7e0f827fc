// The tools of one run of one contract case: recording sinks, opened connections, waiting, byte patterns. The cases
// themselves live in transport-contract-cases.ts; nothing here judges a transport except by asserting.

import assert from "node:assert/strict";
import type { TransportConnection, TransportError, TransportSink } from "@myelin/contracts";
import type { ContractPeer, TransportContractOptions, TransportContractSubject } from "./transport-contract.js";

/** What a sink was told, in order, with everything that must not happen noted instead of thrown. */
export class RecordingSink implements TransportSink {
  readonly chunks: Uint8Array[] = [];
  readonly copies: Uint8Array[] = [];
  bytes = 0;
  drains = 0;
  readonly closings: (TransportError | undefined)[] = [];
  readonly late: string[] = [];
  onData: (chunk: Uint8Array) => void = () => {};

  readonly data: (chunk: Uint8Array) => void = (chunk) => this.record(chunk);
  readonly drain = (): void => {
    if (this.closings.length > 0) this.late.push("drain");
    this.drains++;
  };
  readonly closed = (error: TransportError | undefined): void => {
    this.closings.push(error);
  };

  received(): Uint8Array {
    return concat(this.chunks);
  }

  protected record(chunk: Uint8Array): void {
    if (this.closings.length > 0) this.late.push("data");
    this.chunks.push(chunk);
    this.copies.push(chunk.slice());
    this.bytes += chunk.length;
    this.onData(chunk);
  }
}

/** What a case works with; one for each run. */
export class Bench {
  readonly subject: TransportContractSubject;
  readonly options: TransportContractOptions;
  readonly sinks: RecordingSink[] = [];
  /** What was opened, to be ended after the case. */
  readonly streams: { readonly connection: TransportConnection; readonly sink: RecordingSink }[] = [];

  readonly #resourcesBefore: readonly string[];

  constructor(subject: TransportContractSubject, options: TransportContractOptions) {
    this.subject = subject;
    this.options = options;
    this.#resourcesBefore = subject.resources?.() ?? [];
  }

  newSink(): RecordingSink {
    const sink = new RecordingSink();
    this.sinks.push(sink);
    return sink;
  }

  async open(
    own?: RecordingSink,
  ): Promise<{ connection: TransportConnection; sink: RecordingSink; peer: ContractPeer }> {
    if (own !== undefined) this.sinks.push(own);
    const sink = own ?? this.newSink();
    const accepted = this.subject.accept();
    const connection = await this.subject.transport.connect(this.subject.target(), sink, new AbortController().signal);
    this.streams.push({ connection, sink });
    if (this.options.upgrade) {
      assert.ok(connection.startTls, "startTls is missing");
      await connection.startTls();
    }
    return { connection, sink, peer: await accepted };
  }

  settle(): Promise<void> {
    return this.subject.settle?.() ?? new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Some time in which nothing should happen. */
  async aWhile(): Promise<void> {
    for (let i = 0; i < 20; i++) await this.settle();
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    for (let i = 0; i < 5_000; i++) {
      if (condition()) return;
      await this.settle();
    }
    assert.fail(`waited in vain until ${what}`);
  }

  /** What is open that was not before, after the runtime had its moment to close the last handles; empty when all is well. */
  async leftOpen(): Promise<string> {
    let more: readonly string[] = [];
    for (let i = 0; i < 500; i++) {
      const before = [...this.#resourcesBefore];
      more = (this.subject.resources?.() ?? []).filter((kind) => {
        const at = before.indexOf(kind);
        if (at >= 0) before.splice(at, 1);
        return at < 0;
      });
      if (more.length === 0) break;
      await this.settle();
    }
    return more.join(" ");
  }

  async untilClosed(sink: RecordingSink): Promise<TransportError | undefined> {
    await this.until("the sink was told closed", () => sink.closings.length > 0);
    return sink.closings[0];
  }
}

export const never = (): AbortSignal => new AbortController().signal;

/** 0, 1, 2 … 250, 0, 1 …: a prime period, so that no lost or repeated block of a round size goes unseen. */
export function pattern(length: number, offset = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (offset + i) % 251;
  return bytes;
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    result.set(chunk, at);
    at += chunk.length;
  }
  return result;
}

export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, "number of bytes");
  let at = 0;
  while (at < actual.length && actual[at] === expected[at]) at++;
  assert.equal(at, actual.length, `byte ${at} differs`);
}

export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  return assert.fail(`resolved with ${String(value)} instead of rejecting`);
}

export function assertUntouched(sink: RecordingSink): void {
  assert.deepEqual([sink.chunks.length, sink.drains, sink.closings.length], [0, 0, 0], "the sink was called");
}
