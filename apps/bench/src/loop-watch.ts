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
  const inherited = Socket.prototype.push;
  Socket.prototype.push = function (...args) {
    const at = performance.now();
    const more = inherited.apply(this, args);
    notes.took(performance.now() - at);
    return more;
  };
  return () => {
    watching = false;
    Reflect.deleteProperty(Socket.prototype, "push");
    notes.fact("turn p99.9, ms", (turns.read().latency?.p999 ?? 0) / 1e6);
  };
}
