// A program of its own: connects in vain, several times to each of several servers, and says what the process still holds a moment
// after the last time-out of each.

import { connect } from "myelin";

const { servers, times, timeout } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly servers: readonly string[];
  readonly times: number;
  readonly timeout: number;
};

const told: { codes: unknown[]; left: string[] }[] = [];
for (const url of servers) {
  const before = process.getActiveResourcesInfo();
  const codes: unknown[] = [];
  for (let n = 0; n < times; n++) {
    await connect({ servers: url, timeout }).then(
      (nc) => nc.close(),
      (error: { readonly code?: unknown }) => codes.push(error.code),
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 40));
  const left = process.getActiveResourcesInfo().filter((name) => {
    const index = before.indexOf(name);
    if (index >= 0) before.splice(index, 1);
    return index < 0 && name !== "Timeout"; // the one above, which has just run
  });
  told.push({ codes, left });
}
console.log(JSON.stringify({ told }));
