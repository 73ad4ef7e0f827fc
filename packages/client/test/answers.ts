// Answers that come when a test says, and all that came.

import type { RequestManyOptions } from "../src/index.js";
import type { Scene } from "./one-server.js";

/** Answers every request on `subject` at these milliseconds, with `1`, `2`, … as payload, or with `payloads`. */
export function answerAt(
  { clock, nc }: Scene,
  subject: string,
  times: readonly number[],
  payloads?: readonly string[],
): void {
  nc.subscribe(subject, {
    callback: (_, msg) => {
      for (const [index, at] of times.entries()) {
        clock.after(at, () => void msg.respond(payloads?.[index] ?? String(index + 1)));
      }
    },
  });
}

/** What came, and when it was over, in milliseconds from the request. */
export async function many(
  { clock, nc }: Scene,
  options: RequestManyOptions,
): Promise<{ readonly answers: string[]; readonly ms: number }> {
  const begin = clock.now();
  const answers: string[] = [];
  await clock.until(
    (async () => {
      for await (const msg of await nc.requestMany("many", "?", options)) answers.push(msg.string());
    })(),
  );
  return { answers, ms: clock.now() - begin };
}
