// A program of its own: connects as its one argument tells, says how that went, and must then end by itself.

import { type ConnectionOptions, connect } from "myelin";

type Task = ConnectionOptions & {
  /** Ends the attempt by a signal after this many milliseconds. */
  readonly abortAfter?: number;
  /** What to do with the connection. Default: close it. */
  readonly finally?: "close" | "close-without-waiting" | "drain" | "nothing";
};

const { abortAfter, finally: end = "close", ...options } = JSON.parse(process.argv[2] ?? "{}") as Task;

try {
  const signal = abortAfter === undefined ? undefined : AbortSignal.timeout(abortAfter);
  const nc = await connect({ ...options, signal });
  if (end === "close") await nc.close();
  else if (end === "close-without-waiting") void nc.close();
  else if (end === "drain") await nc.drain();
  console.log(JSON.stringify({ connected: true }));
} catch (error) {
  const { name, code } = error as Error & { code?: unknown };
  console.log(JSON.stringify({ connected: false, name, code }));
}
