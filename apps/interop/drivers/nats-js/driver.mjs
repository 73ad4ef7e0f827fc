// The nats.js end: JSON lines in, nats.js calls, JSON lines out. The protocol is described in ../../README.md.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { connect, headers, RequestError, TimeoutError } from "@nats-io/transport-node";

const connections = new Map();
const subscriptions = new Map();

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const bytes = (base64) => new Uint8Array(Buffer.from(base64 ?? "", "base64"));

function toHeaders({ headers: list, status, description }) {
  if (list === undefined && status === undefined) return undefined;
  const made = headers(status ?? 0, description ?? "");
  for (const [name, values] of list ?? []) for (const value of values) made.append(name, value);
  return made;
}

function toMessage(msg) {
  return {
    subject: msg.subject,
    reply: msg.reply,
    data: Buffer.from(msg.data).toString("base64"),
    headers: msg.headers === undefined ? undefined : [...msg.headers],
    status: msg.headers?.code,
    description: msg.headers?.description,
  };
}

function toError(error) {
  const noResponders = error instanceof RequestError && error.isNoResponders();
  const code = noResponders ? "no-responders" : error instanceof TimeoutError ? "timeout" : "failed";
  return { code, text: `${error?.name}: ${error?.message}` };
}

const ops = {
  async connect({ conn, servers, noEcho }) {
    connections.set(conn, await connect({ servers, noEcho }));
  },

  async subscribe(nc, { sub, subject, queue, max, respond }) {
    const callback = (error, msg) => {
      if (error) throw error;
      say({ event: "message", sub, message: toMessage(msg) });
      if (respond === undefined) return;
      if (respond.data === undefined) msg.respond(msg.data, { headers: msg.headers });
      else msg.respond(bytes(respond.data), { headers: toHeaders(respond) });
    };
    subscriptions.set(sub, nc.subscribe(subject, { queue, max, callback }));
    await nc.flush();
  },

  async unsubscribe(nc, { sub, max }) {
    subscriptions.get(sub).unsubscribe(max);
    await nc.flush();
  },

  drainSubscription: (_, { sub }) => subscriptions.get(sub).drain(),

  publish(nc, { subject, data, reply, ...rest }) {
    nc.publish(subject, bytes(data), { reply, headers: toHeaders(rest) });
  },

  burst(nc, { subject, first, count }) {
    for (let i = first; i < first + count; i++) nc.publish(subject, String(i));
  },

  async request(nc, { subject, data, timeout, ...rest }) {
    const answer = await nc.request(subject, bytes(data), { timeout, headers: toHeaders(rest) });
    return { message: toMessage(answer) };
  },

  async requestMany(nc, { subject, data, count, timeout }) {
    const messages = [];
    const answers = await nc.requestMany(subject, bytes(data), {
      strategy: "count",
      maxMessages: count,
      maxWait: timeout,
    });
    for await (const msg of answers) messages.push(toMessage(msg));
    return { messages };
  },

  flush: (nc) => nc.flush(),
  drain: (nc) => nc.drain(),
  close: (nc) => nc.close(),
};

async function handle({ id, op, ...fields }) {
  try {
    const result = op === "connect" ? ops.connect(fields) : ops[op](connections.get(fields.conn), fields);
    say({ id, ...(await result) });
  } catch (error) {
    say({ id, error: toError(error) });
  }
}

// Each command is begun in the order of the lines, and none waits for the one before: a request may be answered by a later one.
createInterface({ input: process.stdin })
  .on("line", (line) => void handle(JSON.parse(line)))
  .on("close", () => process.exit(0));

const { version } = JSON.parse(
  readFileSync(new URL("../../node_modules/@nats-io/transport-node/package.json", import.meta.url), "utf8"),
);
say({ event: "ready", library: "nats.js", version, runtime: `node ${process.versions.node}` });
