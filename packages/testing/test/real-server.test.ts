import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { findServer, RealServer, ServerLaunchError } from "../src/index.js";
import { isAlive } from "../src/server-cache.js";
import { probe } from "../src/server-probe.js";

/** Alive and not a zombie: a container's init may never collect an orphan that has ended. */
function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, "utf8"));
}

describe.each(["newest", "oldest"] as const)("RealServer, %s", (which) => {
  beforeAll(() => findServer({ which }), 600_000); // on a new machine this fetches or even builds one

  it("is ready when start resolves, keeps ports and store over a restart, and leaves nothing when stopped", async () => {
    const server = await RealServer.start({ binary: await findServer({ which }), jetstream: true, name: "solo" });
    expect((await server.info()).version).toBe(server.version);
    expect(await server.varz()).toMatchObject({ server_name: "solo", version: server.version });
    const { pid, url, directory } = server;
    const { server_id } = await server.info();
    await server.restart();
    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    expect((await server.info()).server_id).not.toBe(server_id);
    expect(isAlive(pid)).toBe(false);
    const last = server.pid;
    await Promise.all([server.stop(), server.stop()]);
    expect([isAlive(last), server.running, server.pid, existsSync(directory)]).toEqual([false, false, 0, false]);
    await expect(server.restart()).rejects.toThrow("stopped for good");
  });

  it("is gone when kill resolves, and comes back on the same port", async () => {
    await using server = await RealServer.start({ binary: await findServer({ which }) });
    const { port } = server;
    await server.kill();
    const [error] = await once(createConnection({ port, host: "127.0.0.1" }), "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    await server.restart();
    // The connection that found it ready may still be counted for a moment.
    await vi.waitFor(async () => expect((await server.varz()).connections).toBe(0), 5_000);
  });

  it("takes new configuration on reload, and says why when the server refuses it", async () => {
    await using server = await RealServer.start({ binary: await findServer({ which }) });
    await server.reload("max_payload: 4096");
    expect((await server.info()).max_payload).toBe(4096);
    await expect(server.reload("max_payload: nonsense")).rejects.toThrow(ServerLaunchError);
    expect(server.running).toBe(true);
  });

  it("tells its clients when it becomes a lame duck", async () => {
    await using server = await RealServer.start({ binary: await findServer({ which }) });
    const client = createConnection({ port: server.port, host: "127.0.0.1" });
    const lines = createInterface({ input: client })[Symbol.asyncIterator]();
    await lines.next();
    client.write('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n');
    for (let line = ""; line !== "PONG"; ) line = (await lines.next()).value as string;
    server.lameDuck();
    // A 2.14 server or newer first answers CONNECT with an INFO of its own.
    for (let line = ""; !/^INFO .*"ldm":true/.test(line); ) line = (await lines.next()).value as string;
    client.destroy();
  });
});

describe("RealServer", () => {
  beforeAll(() => findServer(), 600_000);

  it("keeps its sockets open and says nothing while paused, and can be stopped then", async () => {
    const server = await RealServer.start();
    server.pause();
    await expect(probe(server.host, server.port, 200)).rejects.toMatchObject({ name: "AbortError" });
    server.resume();
    expect((await server.varz()).server_name).toBe(server.name);
    server.pause();
    const { pid } = server;
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it("rejects with its log when it cannot start, and then leaves nothing behind", async () => {
    const error = await RealServer.start({ config: "no_such_option_at_all: 1" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServerLaunchError);
    expect((error as ServerLaunchError).log.join("\n")).toContain("no_such_option_at_all");
    await using server = await RealServer.start();
    await expect(RealServer.start({ port: server.port })).rejects.toThrow("address already in use");
  });

  it("waits for a log line, and not longer than it is told to or than the server lives", async () => {
    await using server = await RealServer.start();
    const line = server.nextLogLine(/Reloaded server/);
    await server.reload();
    expect(await line).toContain("Reloaded server configuration");
    await expect(server.nextLogLine(/never/, 20)).rejects.toThrow("within 20 ms");
    const ended = expect(server.nextLogLine(/never/)).rejects.toThrow("before it ended");
    await server.kill();
    await ended;
    await expect(server.nextLogLine(/never/)).rejects.toThrow("before it ended");
  });

  it("counts as ready with TLS, credentials or a WebSocket listener", async () => {
    await using server = await RealServer.start({ config: "authorization { user: a, password: b }", websocket: true });
    expect((await server.info()).auth_required).toBe(true);
    expect(new URL(server.websocketUrl).port).toBe(String(server.websocketPort));
  });

  it("ends when the process that started it is killed, and its folder with it", async () => {
    const parent = spawn(
      process.execPath,
      ["--conditions=@myelin/source", "--import", "tsx", `${import.meta.dirname}/start-and-wait.ts`],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    const { pid, directory } = JSON.parse(line) as { pid: number; directory: string };
    expect([isAlive(pid), existsSync(directory)]).toEqual([true, true]);
    parent.kill("SIGKILL");
    for (let waited = 0; waited < 5_000 && (isRunning(pid) || existsSync(directory)); waited += 20) await sleep(20);
    expect([isRunning(pid), existsSync(directory)]).toEqual([false, false]);
  }, 20_000);
});
