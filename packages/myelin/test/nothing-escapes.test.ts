// Every public call through real sockets while the server is killed, frozen, reset, locked, or the connection closed or drained, in a
// process of its own that dies of any unhandled rejection, and must end by itself.

import { expect, it } from "vitest";
import { runScript } from "./run-script.js";

const PATIENCE = 150_000;

it(
  "P6: on real sockets nothing escapes either, every call settles, and the process can end",
  async () => {
    const { exitCode, said, stderr } = await runScript(
      "escape",
      {},
      ["--unhandled-rejections=strict"],
      PATIENCE - 10_000,
    );
    expect(said["problems"], stderr).toEqual([]);
    expect(said).toMatchObject({ rounds: 18 });
    expect(exitCode).toBe(0);
  },
  PATIENCE,
);
