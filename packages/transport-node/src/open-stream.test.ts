import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { abortable, openStream } from "./open-stream.js";
import { systemDelay } from "./system.js";

describe("openStream", () => {
  it.each([true, false])(
    "P24: destroys the socket when the signal aborted just before (TLS first: %s)",
    async (secure) => {
      const socket = new Socket();
      const sink = { data: () => {}, drain: () => {}, closed: () => {} };
      const signal = AbortSignal.abort("given up");
      const opening = openStream({
        socket,
        label: "a:1",
        tls: { material: {}, handshakeFirst: false, expiresAt: undefined },
        delay: systemDelay,
        sink,
        signal,
        secure,
      });
      await expect(opening).rejects.toBe("given up");
      expect(socket.destroyed).toBe(true);
    },
  );
});

describe("abortable", () => {
  it("gives the result of the work, or its error", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error("broken")), signal)).rejects.toThrow("broken");
  });

  it("rejects with the reason as soon as the signal aborts, and swallows what the work does later", async () => {
    const controller = new AbortController();
    let fail: (error: Error) => void = () => {};
    const work = new Promise((_, reject) => {
      fail = reject;
    });
    const waiting = abortable(work, controller.signal);
    controller.abort("given up");
    await expect(waiting).rejects.toBe("given up");
    fail(new Error("too late"));
    await expect(abortable(new Promise(() => {}), controller.signal)).rejects.toBe("given up");
  });
});
