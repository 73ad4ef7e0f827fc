// Two versions of the packages in one process, each with its own siblings, as a dependency that is behind makes them. Both connect to one
// server, both lose it, both come back, and neither touches the other.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asVersions, layOut, type Packed } from "./archives.js";
import { type Cell, tried } from "./cell.js";
import { complaintOf, DONE, runInNode } from "./running.js";

/** What is needed of a server that is killed and comes back. */
export interface Killable {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<unknown>;
}

/** How the two get in: both imported, or the older one required, as a dependency in CommonJS does. */
const WAYS = {
  "both imported": (older: string) => `import * as older from ${JSON.stringify(`${older}/entry.mjs`)};`,
  "the older required": (older: string) =>
    `import { createRequire } from "node:module"; const older = createRequire(import.meta.url)(${JSON.stringify(`${older}/entry.cjs`)});`,
};

const PROGRAM = `
const both = [older, newer];
assert.notEqual(older.version, newer.version);
assert.notEqual(older.connect, newer.connect);
const open = (one) => one.connect({ servers: globalThis.SERVER, name: one.version, reconnectTimeWait: 50, timeout: 20_000 });
const connections = await Promise.all(both.map(open));
connections.forEach((nc, i) => nc.subscribe("echo." + both[i].version, { callback: (_error, msg) => void msg.respond(msg.data) }));
const heard = both.map(() => 0);
connections.forEach((nc, i) => nc.subscribe("all", { callback: () => void heard[i]++ }));
const back = connections.map((nc) => new Promise((resolve) => nc.on("reconnect", () => resolve())));
const ask = async (i, subject) => {
  const sent = both[i].headers();
  sent.set("by", both[i].version);
  const answer = await connections[i].request(subject, "hello", { timeout: 20_000, headers: sent });
  assert.equal(answer.string(), "hello");
};
const round = async () => {
  await Promise.all(connections.map((nc) => nc.flush()));
  for (const i of [0, 1]) for (const one of both) await ask(i, "echo." + one.version);
};
await round();

// Errors of the one are known to the other by their brand and code, and are instances of their own classes only.
const error = await connections[0].request("nobody", "", { timeout: 20_000 }).catch((reason) => reason);
assert.equal(error.code, "NO_RESPONDERS");
assert.ok(both.every((one) => one.isNatsError(error)));
assert.ok(error instanceof older.NatsError && !(error instanceof newer.NatsError));
assert.throws(() => newer.headers(7, -1, 7).set("a b", ""), (reason) => older.isNatsError(reason));

console.log("connected");
await Promise.all(back);
await round();
connections[0].publish("all");
await Promise.all(connections.map((nc) => nc.flush()));
await ask(1, "echo." + older.version);
assert.deepEqual(heard, [1, 1]);
// The one goes, the other stays.
await connections[0].close();
assert.equal(connections[1].isClosed(), false);
await ask(1, "echo." + newer.version);
await connections[1].close();
console.log(${JSON.stringify(DONE)});
`;

/** Lays both out below `work` and plays the program in each way. */
export async function sideBySide(work: string, packed: readonly Packed[], server: Killable): Promise<Cell[]> {
  const [older, newer] = ["0.4.0", "0.5.0"].map((version) => {
    const project = join(work, `all-${version}`);
    const versions = asVersions(Object.fromEntries(packed.map(({ name }) => [name, version])));
    layOut(project, packed, versions);
    writeFileSync(join(project, "entry.mjs"), 'export * from "myelin";\n');
    writeFileSync(join(project, "entry.cjs"), 'module.exports = require("myelin");\n');
    return project;
  });
  const cells: Cell[] = [];
  for (const [way, imported] of Object.entries(WAYS)) {
    const file = join(work, `${way.replace(/ /g, "-")}.mjs`);
    const imports = `import assert from "node:assert/strict";\n${imported(String(older))}\nimport * as newer from "${newer}/entry.mjs";\n`;
    writeFileSync(file, `${imports}${PROGRAM}`);
    cells.push(await tried("0.4.0 and 0.5.0 in one process", way, () => survived(file, server)));
  }
  return cells;
}

async function survived(file: string, server: Killable): Promise<string> {
  let struck: Promise<unknown> | undefined;
  const strike = async (): Promise<unknown> => {
    await server.kill();
    return server.restart();
  };
  const ran = await runInNode(file, {
    server: server.url,
    onLine: (line) => {
      if (line === "connected") struck = strike();
    },
  });
  await struck;
  const complaint = complaintOf(ran);
  if (complaint !== undefined) throw new Error(complaint);
  return "ok";
}
