// Loopback ports that no other test process is given, from before a server starts until after its last restart.
// Binds nothing for good; knows nothing of servers.

import { randomInt } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { isAlive } from "./server-cache.js";

// Below the range the kernel takes outgoing ports from (Linux 32768, macOS 49152). In that range a stopped server's port
// may be taken by any client, and a client that dials it can even be connected to itself (TCP simultaneous open).
const FIRST = 14_000;
const LAST = 32_700;

/** Ports held for this process. */
export interface PortReservation {
  /** As many as asked for. */
  readonly ports: readonly number[];
  /** Gives the ports back; a process that dies gives them back by itself. */
  release(): void;
}

/** Reserves `count` ports that are free on 127.0.0.1 now, against every other caller of this function on this machine. */
export async function reservePorts(count: number): Promise<PortReservation> {
  // A file a port, because a port cannot be held open while the server that is to have it is down.
  const directory = join(tmpdir(), `myelin-ports-${userInfo().uid}`);
  mkdirSync(directory, { recursive: true });
  const ports: number[] = [];
  const release = (): void => {
    for (const port of ports.splice(0)) rmSync(join(directory, String(port)), { force: true });
  };
  // Any start is right; a random one keeps workers out of each other's way.
  let port = randomInt(FIRST, LAST);
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > LAST - FIRST) {
      release();
      throw new Error(`no ${count} free ports between ${FIRST} and ${LAST} on 127.0.0.1`);
    }
    port = port >= LAST ? FIRST : port + 1;
    if (!claim(join(directory, String(port)))) continue;
    ports.push(port);
    if (!(await isFree(port))) {
      ports.pop();
      rmSync(join(directory, String(port)), { force: true });
    }
  }
  return { ports: [...ports], release };
}

function claim(file: string): boolean {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (isAlive(ownerOf(file))) return false;
      try {
        unlinkSync(file); // its process is gone
      } catch {
        return false; // another process was faster
      }
    }
  }
  return false;
}

/** Process id in a claim; our own when it cannot be read, so that a claim being written counts as held. */
function ownerOf(file: string): number {
  try {
    return Number(readFileSync(file, "utf8")) || process.pid;
  } catch {
    return process.pid;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
