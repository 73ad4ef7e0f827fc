// How long each turn of the event loop is held while work comes in: the time between two turns of a chain of immediates. With
// an immediate due the loop never waits, so a gap is work (or the machine's other work), and holds everybody in the process.

import type { Notes } from "./notes.js";

/** Starts watching; the returned function ends it. */
export function watchTurns(notes: Notes): () => void {
  let watching = true;
  let last = performance.now();
  const turn = (): void => {
    const now = performance.now();
    notes.took(now - last);
    last = now;
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    watching = false;
  };
}
