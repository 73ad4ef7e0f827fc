// One subscription without a connection.

import { expect, it } from "vitest";
import type { Msg } from "./message.js";
import type { Shared } from "./shared.js";
import { openSubscription } from "./subscription.js";

it("is forgotten when a loop leaves one that has ended with messages left", async () => {
  let over = 0;
  const shared = { outbox: { control() {} }, emit() {}, link: () => undefined } as unknown as Shared;
  const sub = openSubscription(shared, 1, "s", { max: 3 }, { bytes: 100, messages: 100 }, () => void over++);
  const loop = sub[Symbol.asyncIterator]();
  for (const size of [1, 2, 3]) sub.deliver({ size } as Msg);
  await loop.next();
  expect([sub.isClosed(), sub.getPending(), over]).toEqual([true, 2, 0]);
  await loop.return?.();
  expect(over).toBe(1);
});
