// The cases of the transport contract, one behaviour each, in the order a reader would ask. Every case runs on a bench of
// its own; what must hold after each of them is checked in transport-contract.ts.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { type DialTarget, TransportError } from "@myelin/contracts";
import {
  assertSameBytes,
  assertUntouched,
  type Bench,
  concat,
  never,
  pattern,
  rejection,
} from "./transport-contract-bench.js";

export type CaseBody = (bench: Bench) => Promise<void>;

const KIB = 1024;
/** By key; each with its sentence. */
export const CASES: Readonly<Record<string, readonly [name: string, body: CaseBody]>> = {
  "delivers-inbound": [
    "delivers what the peer sends, in order and complete",
    async (bench) => {
      const { sink, peer } = await bench.open();
      const expected = pattern(300 * KIB);
      for (let at = 0; at < expected.length; at += 7_777) peer.send(expected.slice(at, at + 7_777));
      await bench.until("all bytes arrived", () => sink.bytes >= expected.length);
      assertSameBytes(sink.received(), expected);
    },
  ],
  "delivers-outbound": [
    "hands what is written to the peer, in order and complete",
    async (bench) => {
      const { connection, peer } = await bench.open();
      const expected = pattern(300 * KIB);
      for (let at = 0; at < expected.length; at += 7_777) connection.write(expected.slice(at, at + 7_777));
      await bench.until("all bytes arrived", () => peer.receivedBytes >= expected.length);
      assertSameBytes(peer.received(), expected);
    },
  ],
  "released-chunks": [
    "what it calls released may be written over, also when the peer does not read",
    async (bench) => {
      const { connection, peer } = await bench.open();
      peer.stopReading();
      let chunk = new Uint8Array(64 * KIB);
      let size = 0;
      // Past what the systems in between take.
      for (let more = 8; more > 0 && size < 64 * KIB * KIB; size += chunk.length) {
        chunk.set(pattern(chunk.length, size));
        if (!connection.write(chunk)) more--;
        if (connection.released !== true) chunk = new Uint8Array(64 * KIB);
      }
      peer.startReading();
      await bench.until("all bytes arrived", () => peer.receivedBytes >= size);
      assertSameBytes(peer.received(), pattern(size));
    },
  ],
  "both-directions": [
    "carries both directions at the same time",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      const size = 1024 * KIB;
      for (let at = 0; at < size; at += 32 * KIB) {
        connection.write(pattern(32 * KIB, at));
        peer.send(pattern(32 * KIB, at + 5));
      }
      await bench.until("both arrived", () => sink.bytes >= size && peer.receivedBytes >= size);
      assertSameBytes(peer.received(), pattern(size));
      assertSameBytes(sink.received(), pattern(size, 5));
    },
  ],
  "early-bytes": [
    "loses nothing the peer sends at once",
    async (bench) => {
      const sink = bench.newSink();
      const accepted = bench.subject.accept().then((peer) => peer.send(pattern(1_000)));
      const connecting = bench.subject.transport.connect(bench.subject.target(), sink, never());
      await Promise.all([accepted, connecting.then((connection) => bench.streams.push({ connection, sink }))]);
      await bench.until("the greeting arrived", () => sink.bytes >= 1_000);
      assertSameBytes(sink.received(), pattern(1_000));
    },
  ],
  "gives-chunks-away": [
    "never touches a chunk again that it gave to the sink",
    async (bench) => {
      const { sink, peer } = await bench.open();
      for (let round = 0; round < 50; round++) {
        peer.send(pattern(3_000, round));
        await bench.until("the round arrived", () => sink.bytes >= 3_000 * (round + 1));
      }
      assertSameBytes(sink.received(), concat(sink.copies));
    },
  ],
  "back-pressure": [
    "answers false to write when the peer does not read, and tells drain once it does",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      peer.stopReading();
      const block = 64 * KIB;
      let written = 0;
      let room = true;
      for (let i = 0; i < 2_000 && room; i++) {
        room = connection.write(pattern(block, written));
        written += block;
        if (i % 16 === 0) await bench.settle();
      }
      assert.equal(room, false, "write never answered false");
      assert.equal(sink.drains, 0, "drain although nobody reads");
      assert.ok(connection.bufferedBytes > 0, "bufferedBytes is 0 although write answered false");
      peer.startReading();
      await bench.until("drain", () => sink.drains > 0);
      connection.write(pattern(block, written));
      written += block;
      await bench.until("all bytes arrived", () => peer.receivedBytes >= written);
      assertSameBytes(peer.received(), pattern(written));
      await bench.until("bufferedBytes is 0", () => connection.bufferedBytes === 0);
    },
  ],
  "pause-resume": [
    "delivers nothing between pause and resume, and all of it afterwards",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      connection.pause();
      peer.send(pattern(10_000));
      await bench.aWhile();
      assert.equal(sink.bytes, 0, "data while paused");
      connection.resume();
      connection.pause();
      connection.resume();
      await bench.until("the bytes arrived", () => sink.bytes >= 10_000);
      assertSameBytes(sink.received(), pattern(10_000));
    },
  ],
  "pause-from-data": [
    "delivers nothing more once paused from within data",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      const size = 512 * KIB;
      sink.onData = () => connection.pause();
      peer.send(pattern(size));
      await bench.until("the first chunk arrived", () => sink.chunks.length > 0);
      await bench.aWhile();
      assert.equal(sink.chunks.length, 1, "chunks while paused");
      sink.onData = () => {};
      connection.resume();
      await bench.until("the rest arrived", () => sink.bytes >= size);
      assertSameBytes(sink.received(), pattern(size));
    },
  ],
  "peer-ends": [
    "tells closed without an error when the peer ends, after everything it sent",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      peer.send(pattern(100 * KIB));
      peer.end();
      assert.equal(await bench.untilClosed(sink), undefined);
      assertSameBytes(sink.received(), pattern(100 * KIB));
      await connection.close();
    },
  ],
  "peer-resets": [
    "tells closed with a TransportError of phase stream when the peer breaks the stream",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      assert.ok(peer.reset, "the peer cannot reset: except this case");
      // Bytes nobody will read turn the end of a unix socket into a reset.
      peer.stopReading();
      for (let i = 0; i < 32; i++) connection.write(pattern(64 * KIB));
      await bench.aWhile();
      peer.reset();
      const error = await bench.untilClosed(sink);
      assert.ok(error instanceof TransportError, `closed with ${String(error)}`);
      assert.equal(error.phase, "stream");
    },
  ],
  destroy: [
    "ends the stream at once when destroyed, and tells closed without an error",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      peer.stopReading();
      for (let i = 0; i < 64; i++) connection.write(pattern(64 * KIB));
      connection.destroy();
      connection.destroy(new TransportError("STREAM_FAILED", "stream", "too late", undefined));
      assert.equal(await bench.untilClosed(sink), undefined);
      peer.startReading();
      await bench.until("the peer saw the end", () => peer.isClosed);
    },
  ],
  "destroy-with-error": [
    "tells closed with the very error it was destroyed with",
    async (bench) => {
      const { connection, sink } = await bench.open();
      const error = new TransportError("STREAM_FAILED", "stream", "stale", connection.remoteAddress);
      connection.destroy(error);
      assert.equal(await bench.untilClosed(sink), error);
    },
  ],
  "destroy-from-data": [
    "delivers nothing more once destroyed from within data",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      sink.onData = () => connection.destroy();
      for (let i = 0; i < 20; i++) peer.send(pattern(30_000));
      await bench.untilClosed(sink);
      assert.equal(sink.chunks.length, 1, "chunks after destroy");
    },
  ],
  "close-flushes": [
    "flushes everything written before it closes, also to a slow peer",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      peer.stopReading();
      const size = 4_096 * KIB;
      for (let at = 0; at < size; at += 64 * KIB) connection.write(pattern(64 * KIB, at));
      let resolved = false;
      const closing = connection.close().then(() => {
        resolved = true;
      });
      await bench.aWhile();
      peer.startReading();
      await closing;
      assert.ok(resolved);
      assert.deepEqual(sink.closings, [undefined], "close resolved before the sink was told, or with an error");
      await bench.until("the peer saw the end", () => peer.isClosed);
      assertSameBytes(peer.received(), pattern(size));
    },
  ],
  "close-while-paused": [
    "closes although it is paused and the peer has sent more",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      connection.pause();
      peer.send(pattern(200 * KIB));
      await bench.aWhile();
      connection.write(pattern(1_000));
      await connection.close();
      assert.deepEqual(sink.closings, [undefined]);
      assertSameBytes(peer.received(), pattern(1_000));
    },
  ],
  "close-twice": [
    "closes once however often it is asked",
    async (bench) => {
      const { connection, sink } = await bench.open();
      await Promise.all([connection.close(), connection.close()]);
      await connection.close();
      connection.destroy();
      await bench.aWhile();
      assert.deepEqual(sink.closings, [undefined]);
    },
  ],
  "after-the-end": [
    "takes every call after the end without effect",
    async (bench) => {
      const { connection, sink, peer } = await bench.open();
      peer.end();
      await bench.untilClosed(sink);
      assert.equal(connection.write(pattern(10)), false);
      connection.pause();
      connection.resume();
      connection.destroy(new TransportError("STREAM_FAILED", "stream", "too late", undefined));
      assert.equal(connection.bufferedBytes, 0);
      await connection.close();
      if (connection.startTls) {
        const error = await rejection(connection.startTls());
        assert.ok(error instanceof TransportError && error.phase === "tls", String(error));
      }
      await bench.aWhile();
      assert.deepEqual(sink.closings, [undefined]);
    },
  ],
  "abort-before": [
    "rejects with the reason of a signal that has aborted already, and does not dial",
    async (bench) => {
      const sink = bench.newSink();
      const reason = new Error("not wanted");
      const connecting = bench.subject.transport.connect(bench.subject.target(), sink, AbortSignal.abort(reason));
      assert.equal(await rejection(connecting), reason);
      await bench.aWhile();
      assertUntouched(sink);
      assert.equal(bench.subject.peers.length, 0, "it dialled");
    },
  ],
  "abort-at-once": [
    "leaves no stream behind when aborted right after the call",
    async (bench) => {
      const sink = bench.newSink();
      const reason = new Error("changed my mind");
      const controller = new AbortController();
      const connecting = bench.subject.transport.connect(bench.subject.target(), sink, controller.signal);
      controller.abort(reason);
      assert.equal(await rejection(connecting), reason);
      await bench.aWhile();
      assertUntouched(sink);
      await bench.until("every peer saw the end", () => bench.subject.peers.every((peer) => peer.isClosed));
    },
  ],
  "abort-while-dialling": [
    "P24: rejects with the signal's reason while it dials, and leaves nothing behind",
    async (bench) => {
      assert.ok(bench.subject.stalled, "the subject has no stalled target: except this case");
      const sink = bench.newSink();
      const reason = new Error("took too long");
      const controller = new AbortController();
      const connecting = bench.subject.transport.connect(bench.subject.stalled(), sink, controller.signal);
      connecting.catch(() => {});
      await bench.aWhile();
      controller.abort(reason);
      assert.equal(await rejection(connecting), reason);
      assertUntouched(sink);
      await bench.until("every peer saw the end", () => bench.subject.peers.every((peer) => peer.isClosed));
      assert.equal(await bench.leftOpen(), "");
    },
  ],
  "abort-after": [
    "ignores the signal once connect has resolved",
    async (bench) => {
      const sink = bench.newSink();
      const controller = new AbortController();
      const accepted = bench.subject.accept();
      const { transport } = bench.subject;
      const connection = await transport.connect(bench.subject.target(), sink, controller.signal);
      bench.streams.push({ connection, sink });
      assert.equal(getEventListeners(controller.signal, "abort").length, 0, "a listener stays on the signal");
      controller.abort(new Error("too late"));
      if (bench.options.upgrade) await connection.startTls?.();
      const peer = await accepted;
      peer.send(pattern(100));
      connection.write(pattern(100));
      await bench.until("both arrived", () => sink.bytes >= 100 && peer.receivedBytes >= 100);
      assert.deepEqual(sink.closings, []);
    },
  ],
  refused: [
    "rejects with a TransportError of phase tcp where nobody listens, and never calls the sink",
    async (bench) => {
      assert.ok(bench.subject.refused, "the subject has no refused target: except this case");
      const sink = bench.newSink();
      const signal = never();
      const error = await rejection(bench.subject.transport.connect(bench.subject.refused(), sink, signal));
      assert.equal(getEventListeners(signal, "abort").length, 0, "a listener stays on the signal");
      assert.ok(error instanceof TransportError, String(error));
      assert.equal(error.phase, "tcp");
      assert.ok(error.code === "CONNECTION_REFUSED" || error.code === "CONNECT_FAILED", error.code);
      assert.ok(error.message.length > 0 && error.cause !== undefined, "no message or cause");
      await bench.aWhile();
      assertUntouched(sink);
    },
  ],
  "foreign-scheme": [
    "rejects a target of a scheme that is not its own",
    async (bench) => {
      const sink = bench.newSink();
      const target: DialTarget = { ...bench.subject.target(), scheme: "carrier-pigeon", url: "carrier-pigeon://loft" };
      const error = await rejection(bench.subject.transport.connect(target, sink, never()));
      assert.ok(error instanceof TransportError, String(error));
      assert.equal(error.code, "UNSUPPORTED_TARGET");
      assertUntouched(sink);
    },
  ],
  "describes-itself": [
    "lists its schemes in lower case and says where it is connected to and whether encrypted",
    async (bench) => {
      const { transport } = bench.subject;
      const target = bench.subject.target();
      assert.ok(transport.schemes.includes(target.scheme));
      for (const scheme of transport.schemes) assert.match(scheme, /^[a-z][a-z0-9+.-]*$/);
      const { connection } = await bench.open();
      assert.equal(connection.encrypted, bench.options.encrypted ?? false);
      assert.notEqual(connection.remoteAddress, "");
      assert.equal(connection.bufferedBytes, 0);
    },
  ],
  independent: [
    "keeps two connections of one transport apart",
    async (bench) => {
      const first = await bench.open();
      const second = await bench.open();
      first.connection.write(pattern(500, 1));
      second.connection.write(pattern(500, 2));
      first.peer.send(pattern(500, 3));
      second.peer.send(pattern(500, 4));
      const ends = [first.sink, second.sink];
      await bench.until("all arrived", () => ends.every((sink) => sink.bytes >= 500));
      await bench.until("all arrived", () => [first.peer, second.peer].every((peer) => peer.receivedBytes >= 500));
      assertSameBytes(first.peer.received(), pattern(500, 1));
      assertSameBytes(second.peer.received(), pattern(500, 2));
      assertSameBytes(first.sink.received(), pattern(500, 3));
      assertSameBytes(second.sink.received(), pattern(500, 4));
      first.connection.destroy();
      await bench.untilClosed(first.sink);
      assert.deepEqual(second.sink.closings, []);
    },
  ],
};
