// When a browser knows that it is worth trying again: it came online, or somebody looks at the page again, whose timers ran
// slowly or not at all until then. A worker has the first of the two. Source: HTML "online", Page Visibility.

interface Listened {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** For the global object of a page or a worker: calls `run` at each of these moments; what that returns stops it. */
export function wakeOf(scope: object): (run: () => void) => () => void {
  return (run) => {
    const listened: [Listened, string, () => void][] = [];
    const listen = (target: unknown, type: string, listener: () => void): void => {
      if (!isListened(target)) return;
      target.addEventListener(type, listener);
      listened.push([target, type, listener]);
    };
    const { document } = scope as { readonly document?: unknown };
    listen(scope, "online", run);
    listen(document, "visibilitychange", () => {
      if ((document as { readonly visibilityState?: string }).visibilityState === "visible") run();
    });
    return () => {
      for (const [target, type, listener] of listened) target.removeEventListener(type, listener);
    };
  };
}

function isListened(target: unknown): target is Listened {
  return typeof target === "object" && target !== null && "addEventListener" in target;
}
