import { expect, it } from "vitest";
import { wakeOf } from "./wake.js";

class Page extends EventTarget {
  readonly document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
}

it("P25: a page wakes when it comes online and when it is looked at again, until it is stopped", () => {
  const page = new Page();
  let woken = 0;
  const stop = wakeOf(page)(() => void woken++);
  page.dispatchEvent(new Event("online"));
  expect(woken).toBe(1);
  page.document.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toBe(1);
  page.document.visibilityState = "visible";
  page.document.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toBe(2);
  stop();
  page.dispatchEvent(new Event("online"));
  page.document.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toBe(2);
});

it("a worker, which has no document, wakes when it comes online; a runtime without events never does", () => {
  const worker = new EventTarget();
  let woken = 0;
  wakeOf(worker)(() => void woken++);
  worker.dispatchEvent(new Event("online"));
  expect(woken).toBe(1);
  expect(() => wakeOf({})(() => {})()).not.toThrow();
});
