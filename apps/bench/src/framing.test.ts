import { expect, it } from "vitest";
import { Framing } from "./contestants/framing.js";
import { msgFrame } from "./frames.js";

it("every message is found, with its size, wherever the stream is cut, and a PING is none", () => {
  const ping = Buffer.from("PING\r\n");
  const stream = Buffer.concat([
    msgFrame("7", 16),
    ping,
    msgFrame("7", 0),
    msgFrame("12", 130),
    ping,
    msgFrame("7", 3),
  ]);
  for (let cut = 0; cut <= stream.length; cut++) {
    const sizes: number[] = [];
    const framing = new Framing((size) => sizes.push(size));
    framing.push(stream.subarray(0, cut));
    framing.push(stream.subarray(cut));
    expect(sizes).toEqual([16, 0, 130, 3]);
  }
});
