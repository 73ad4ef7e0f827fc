import { once } from "node:events";
import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { openSink } from "./endpoints/sink.js";
import { watchLoop } from "./loop-watch.js";
import { Notes } from "./notes.js";

it("P12: the time a listener takes with a chunk is in the latencies of chunks and in the turn, and nothing stays patched", async () => {
  const sink = await openSink();
  onTestFinished(() => sink.close());
  const notes = new Notes();
  const stop = watchLoop(notes);
  const socket = connect(sink.port, "127.0.0.1");
  socket.on("data", () => {
    for (const at = performance.now(); performance.now() - at < 5; );
  });
  await once(socket, "data");
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  stop();
  socket.destroy();
  const { latency, facts } = notes.read();
  expect(latency?.most).toBeGreaterThanOrEqual(4.9e6);
  expect(facts["turn p99.9, ms"]).toBeGreaterThanOrEqual(4.9);
  expect(Object.hasOwn(Object.getPrototypeOf(socket), "emit")).toBe(false);
});
