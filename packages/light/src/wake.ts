// When a page knows that it is worth trying again: it came online, or somebody looks at it again, whose timers ran slowly or not at
// all until then. A worker has the first of the two. Source: HTML "online", Page Visibility.

/** What of a page or a worker is used; a runtime may have none of it. */
interface Scope {
  addEventListener?(type: "online", listener: () => void, options: { signal: AbortSignal }): void;
  readonly document?: {
    readonly visibilityState: string;
    addEventListener(type: "visibilitychange", listener: () => void, options: { signal: AbortSignal }): void;
  };
}

/** Calls `run` at each of these moments; what it returns stops that. */
export function wakeOf(scope: Scope): (run: () => void) => () => void {
  return (run) => {
    const stop = new AbortController();
    const { document } = scope;
    scope.addEventListener?.("online", run, stop);
    document?.addEventListener("visibilitychange", () => document.visibilityState === "visible" && run(), stop);
    return () => stop.abort();
  };
}
