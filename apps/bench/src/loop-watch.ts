// How long the event loop is held while work comes in. By one chunk: the time a socket takes to hand it on, with everything that
// is done of it at once. By a turn: the time between two of a chain of immediates; with one due the loop never waits, so a gap is
// work, of all the chunks that one poll found. What else the machine does is in both.

import { Socket } from "node:net";
import { Notes } from "./notes.js";

/** Starts watching; chunks go into `notes` as latencies. The returned function ends it, and writes turns down as a fact. */
export function watchLoop(notes: Notes): () => void {
  const turns = new Notes();
  let watching = true;
  let last = performance.now();
  const turn = (): void => {
    const now = performance.now();
    turns.took(now - last);
    last = now;
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  // Whatever way a socket reads, a chunk is an event in the end.
  const emit = Socket.prototype.emit as (this: Socket, event: string | symbol, ...args: unknown[]) => boolean;
  Socket.prototype.emit = function (this: Socket, event: string | symbol, ...args: unknown[]): boolean {
    if (event !== "data") return emit.call(this, event, ...args);
    const at = performance.now();
    const heard = emit.call(this, event, ...args);
    notes.took(performance.now() - at);
    return heard;
  };
  return () => {
    watching = false;
    Reflect.deleteProperty(Socket.prototype, "emit");
    notes.fact("turn p99.9, ms", (turns.read().latency?.p999 ?? 0) / 1e6);
  };
}
