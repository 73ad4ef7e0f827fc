// The process of a driver, played by small programs: what it says, and every way in which it can fail to.

import { expect, it, onTestFinished } from "vitest";
import { DriverProcess } from "../src/driver-process.js";
import type { MessageEvent } from "../src/driver-protocol.js";

const READY = `console.log('{"event":"ready","library":"l","version":"1","runtime":"r"}');`;
const EACH_LINE = `require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => `;

async function driver(
  program: string,
  onMessage: (event: MessageEvent) => void = () => {},
): Promise<Awaited<ReturnType<typeof DriverProcess.start>>> {
  const started = await DriverProcess.start("a test", { command: process.execPath, args: ["-e", program] }, onMessage);
  onTestFinished(() => started.process.stop());
  return started;
}

it("answers go to the commands they belong to, in whatever order they come, and events to the listener", async () => {
  const events: MessageEvent[] = [];
  const { process: running, ready } = await driver(
    `${READY} const kept = []; ${EACH_LINE} {
      kept.push(JSON.parse(line));
      if (kept.length < 2) return;
      console.log(JSON.stringify({ event: "message", sub: "s", message: { subject: kept[0].subject, data: "" } }));
      for (const { id, op } of kept.reverse()) console.log(JSON.stringify({ id, error: { code: "failed", text: op } }));
    })`,
    (event) => events.push(event),
  );
  expect(ready.library).toBe("l");
  const answers = await Promise.all([running.ask("first", { subject: "x" }), running.ask("second")]);
  expect(answers.map(({ error }) => error?.text)).toEqual(["first", "second"]);
  expect(events.map(({ message }) => message.subject)).toEqual(["x"]);
});

it("a driver that dies rejects what waits and what comes later, with what it had printed", async () => {
  const { process: running } = await driver(
    `${READY} ${EACH_LINE} { console.error("out of memory"); process.exit(3); })`,
  );
  const asked = running.ask("publish");
  await expect(asked).rejects.toThrow(/driver of a test: it ended with 3\nout of memory/);
  await expect(running.ask("publish")).rejects.toThrow("it ended with 3");
});

it("a driver that cannot be started, ends before it is ready, or says what is not JSON is an error", async () => {
  const start = (command: string, ...args: string[]) => DriverProcess.start("a test", { command, args }, () => {});
  await expect(start("no-such-driver")).rejects.toThrow("no-such-driver");
  await expect(start(process.execPath, "-e", "process.exit(4)")).rejects.toThrow("it ended with 4");
  await expect(start(process.execPath, "-e", "console.log('hello')")).rejects.toThrow("not JSON: hello");
});

it("stop() ends it", async () => {
  const { process: running } = await driver(`${READY} process.stdin.resume();`);
  await running.stop();
  await expect(running.ask("flush")).rejects.toThrow("it ended with 0");
});
