import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.js";
import { TimerHeap } from "./timer-heap.js";

describe("TimerHeap", () => {
  it("gives timers in the order in which they are due, older ones first, without those cancelled", () => {
    const random = seededRandom(3);
    const heap = new TimerHeap();
    let there: { due: number; id: number; cancel: () => void }[] = [];
    const taken: number[] = [];
    const expected: number[] = [];
    for (let id = 0; id < 5_000; id++) {
      const due = Math.floor(random() * 200);
      const cancel = heap.add(due, () => taken.push(id));
      there.push({ due, id, cancel });
      const luck = random();
      if (luck < 0.4) {
        const doomed = there.splice(Math.floor(random() * there.length), 1)[0];
        doomed?.cancel();
        doomed?.cancel();
      } else if (luck < 0.7) {
        there = there.sort((a, b) => a.due - b.due || a.id - b.id);
        const next = there.shift();
        expected.push(next?.id ?? -1);
        expect(heap.nextDue).toBe(next?.due);
        heap.take()?.run();
        next?.cancel();
      }
      expect(heap.size).toBe(there.length);
    }
    for (let timer = heap.take(); timer !== undefined; timer = heap.take()) timer.run();
    there = there.sort((a, b) => a.due - b.due || a.id - b.id);
    expect(taken).toEqual([...expected, ...there.map(({ id }) => id)]);
    expect([heap.size, heap.nextDue, heap.take()]).toEqual([0, undefined, undefined]);
  });
});
