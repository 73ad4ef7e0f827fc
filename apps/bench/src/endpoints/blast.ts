// Frames encoded beforehand, written as fast as the other end takes them. What is in a frame is the business of frames.ts.

import type { Duplex } from "node:stream";
import { repeated } from "../frames.js";

/** Bytes of one write: large, so that the endpoint is never what is measured. */
const BLOCK = 262_144;

/** Writes `messages` frames, in turn. Never rejects: an end that leaves ends its blast. */
export async function blast(stream: Duplex, frames: readonly Buffer[], messages: number): Promise<void> {
  const ends: number[] = [];
  let length = 0;
  for (const frame of frames) {
    length += frame.length;
    ends.push(length);
  }
  const times = Math.max(1, Math.floor(BLOCK / length));
  const block = repeated(Buffer.concat(frames, length), times);
  const perBlock = frames.length * times;
  for (let left = messages; left > 0 && !stream.destroyed; left -= perBlock) {
    const whole = Math.floor(left / frames.length) * length;
    const part = ends[(left % frames.length) - 1] ?? 0;
    const bytes = left >= perBlock ? block.length : whole + part;
    for (let at = 0; at < bytes && !stream.destroyed; at += BLOCK) {
      if (!stream.write(block.subarray(at, Math.min(bytes, at + BLOCK)))) await drained(stream);
    }
  }
}

/** Resolves when the stream takes more, or is gone; leaves no listener behind. */
function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
  });
}
