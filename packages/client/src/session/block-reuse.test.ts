// When memory of large messages comes back, and when it is let go: an encoder, virtual time, and a transport that is only a word.

import type { TransportConnection } from "@myelin/contracts";
import { Encoder } from "@myelin/protocol";
import { VirtualClock } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { BlockReuse } from "./block-reuse.js";

interface Parts {
  readonly clock: VirtualClock;
  readonly reuse: BlockReuse;
  readonly connection: { released: boolean | undefined };
  readonly encoder: Encoder;
  /** Publishes 1 MiB and hands it to the transport; answers the memory it lay in. */
  send(): ArrayBufferLike | undefined;
}

function parts(released: boolean | undefined): Parts {
  const clock = new VirtualClock();
  const encoder = new Encoder();
  const connection = { released };
  const reuse = new BlockReuse(clock, connection as unknown as TransportConnection, encoder);
  const send = (): ArrayBufferLike | undefined => {
    encoder.pub("s", undefined, new Uint8Array(1_048_576));
    return encoder.take()?.buffer;
  };
  return { clock, reuse, connection, encoder, send };
}

describe("memory of what was written", () => {
  it("is written to again once the transport has no use for it, and not before", () => {
    const { connection, reuse, send } = parts(false);
    const first = send();
    reuse.check();
    const second = send();
    expect(second).not.toBe(first);
    connection.released = true;
    reuse.check();
    expect(send()).toBe(second);
  });

  it("is never written to again where nobody knows when that is", () => {
    const { clock, reuse, send } = parts(undefined);
    const memory = Array.from({ length: 5 }, () => {
      reuse.check();
      return send();
    });
    expect([new Set(memory).size, clock.pendingTimers]).toEqual([5, 0]);
  });

  it("is let go within two seconds when it is not needed any more, and no timer stays behind", async () => {
    const { clock, encoder, reuse, send } = parts(true);
    // Under way all the time: kept.
    for (let i = 0; i < 50; i++) {
      send();
      reuse.check();
      await clock.advance(100);
      expect([encoder.hasSpare, clock.pendingTimers]).toEqual([true, 1]);
    }
    await clock.advance(2_000);
    expect([encoder.hasSpare, clock.pendingTimers]).toEqual([false, 0]);
    // And from the beginning once it is needed again.
    send();
    reuse.check();
    expect([encoder.hasSpare, clock.pendingTimers]).toEqual([true, 1]);
  });

  it("is not waited for after the end, whatever is still written", () => {
    const { clock, reuse, send } = parts(true);
    send();
    reuse.check();
    reuse.stop();
    send();
    reuse.check();
    expect(clock.pendingTimers).toBe(0);
    reuse.stop();
  });

  it("needs no timer for small messages", () => {
    const { clock, encoder, reuse } = parts(true);
    for (let i = 0; i < 10_000; i++) {
      encoder.pub("s", undefined, new Uint8Array(128));
      if (encoder.hasFullBlock || i % 100 === 0) {
        encoder.take();
        reuse.check();
      }
    }
    expect(clock.pendingTimers).toBe(0);
  });
});
