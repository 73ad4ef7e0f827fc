// What user code answers where nobody waits for it. An async function in the place of a plain one answers a promise, and its
// rejection would end the process; here it is told instead (D13). What user code throws is caught where it is called.

/**
 * Tells `failed` when `answer` is a promise, or anything else with a `then`, and rejects. Resolves, and never rejects, when it has
 * settled; `undefined` for any other answer. May throw what a look at the answer throws.
 */
export function watched(answer: unknown, failed: (cause: unknown) => void): Promise<void> | undefined {
  if (typeof answer !== "object" || answer === null || !("then" in answer)) return undefined;
  return Promise.resolve(answer).then(() => {}, failed);
}
