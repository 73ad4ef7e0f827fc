import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { openSink } from "./endpoints/sink.js";
import { WriteWatch } from "./write-watch.js";

it("P55: the largest write is what a socket was handed at once, waiting chunks together, and the first is the newest socket's", async () => {
  const sink = await openSink();
  onTestFinished(() => sink.close());
  // The sink has its greetings behind it: it is of this process too, and its writes would count.
  const open = async (): Promise<Socket> => {
    const socket = connect(sink.port, "127.0.0.1");
    await once(socket, "data");
    return socket;
  };
  const one = await open();
  const two = await open();
  const watch = new WriteWatch();
  const before = performance.now();
  one.write(Buffer.alloc(100));
  const first = watch.firstAt;
  expect(first).toBeGreaterThanOrEqual(before);
  two.cork();
  for (let i = 0; i < 3; i++) two.write(Buffer.alloc(50));
  two.uncork();
  expect(watch.largest).toBe(150);
  const second = watch.firstAt;
  expect(second).toBeGreaterThan(first);
  one.write(Buffer.alloc(10));
  expect(watch.firstAt).toBe(second);
  watch.stop();
  two.write(Buffer.alloc(500));
  expect(watch.largest).toBe(150);
  one.destroy();
  two.destroy();
});
