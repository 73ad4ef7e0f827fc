// When a page knows that it is worth trying again: it came online, or somebody looks at it again, whose timers ran slowly or not at
// all until then. A worker has the first of the two. Source: HTML "online", Page Visibility.

interface Listened {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** For the global object of a page or a worker: calls `run` at each of these moments; what that returns stops it. */
export function wakeOf(scope: object): (run: () => void) => () => void {
  const { addEventListener, document } = scope as Partial<Listened> & {
    readonly document?: Listened & { readonly visibilityState?: string };
  };
  return (run) => {
    const seen = (): void => {
      if (document?.visibilityState === "visible") run();
    };
    if (addEventListener === undefined) return () => {};
    (scope as Listened).addEventListener("online", run);
    document?.addEventListener("visibilitychange", seen);
    return () => {
      (scope as Listened).removeEventListener("online", run);
      document?.removeEventListener("visibilitychange", seen);
    };
  };
}
