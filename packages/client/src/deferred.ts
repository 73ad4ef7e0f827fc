// Promises whose rejection never counts as unhandled: one with its two ends in hand, and the result of a public call. Nobody may
// be waiting for it, or not yet: which of two awaited calls fails first must not decide whether the process lives.

/** A promise and its resolvers. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

const nothing = (): void => {};

/** Makes a {@link Deferred}; only the first of resolve and reject has an effect. */
export function deferred<T = void>(): Deferred<T> {
  const made = unobserved<T>();
  void observe(made.promise);
  return made;
}

/** As {@link deferred}, for whoever sees to it at once that a rejection is observed. */
export function unobserved<T>(): Deferred<T> {
  let resolve: (value: T) => void = nothing;
  let reject: (reason: Error) => void = nothing;
  const promise = new Promise<T>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise, resolve, reject };
}

/** What an async function promises, taken care of: the caller may await it late, or never. */
export function observed<T>(work: () => Promise<T>): Promise<T> {
  return observe(work());
}

/** The promise, taken care of. */
export function observe<T>(promise: Promise<T>): Promise<T> {
  promise.then(undefined, nothing);
  return promise;
}
