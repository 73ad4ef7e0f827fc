// Ends a child process when the process that started it dies, also by SIGKILL. Knows process ids, nothing else.

import { type ChildProcess, spawn } from "node:child_process";

// Reads process ids to guard, one a line, each replacing the one before (0 = none). "done" ends it in peace; the end of
// its input means that its parent is gone: then it kills the last one and removes the folder named by its argument.
const SCRIPT = `
pid=0
while read -r line; do
  case $line in done) exit 0 ;; *) pid=$line ;; esac
done
[ "$pid" -gt 0 ] && kill -KILL "$pid" 2>/dev/null
[ -n "$1" ] && rm -rf "$1"
`;

/** A small process that outlives this one and cleans up after it. Linux and macOS: it needs `sh`. */
export class Watchdog {
  readonly #process: ChildProcess;

  /** @param folder removed when this process dies */
  constructor(folder: string) {
    // Its own process group (`detached`), so that what kills our group leaves it alive to do its work.
    this.#process = spawn("sh", ["-c", SCRIPT, "watchdog", folder], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#process.unref();
    this.#process.stdin?.on("error", () => {}); // ended from outside: then there is nothing left to tell
    this.#process.on("error", () => {}); // no sh: the server is then only stopped by stop()
  }

  /** Guards this process instead of the one before; `undefined` guards none. */
  guard(pid: number | undefined): void {
    this.#process.stdin?.write(`${pid ?? 0}\n`);
  }

  /** Lets the watchdog end without doing anything. */
  dismiss(): void {
    this.#process.stdin?.end("done\n");
  }
}
