// A second decoder, as plain as can be: the whole stream as one string, regular expressions, no speed, no chunks. What the
// real one must agree with on every input and every chunking.

import type { Reading, WireEvent } from "./events.js";

const VERBS = {
  server: ["INFO", "MSG", "HMSG", "PING", "PONG", "+OK", "-ERR"],
  client: ["CONNECT", "PUB", "HPUB", "SUB", "UNSUB", "PING", "PONG"],
};
const DEFAULT_LINE = { server: 65_536, client: 4096 };

interface Options {
  readonly from: "server" | "client";
  readonly maxControlLine?: number;
  readonly maxPayload?: number;
}

class Broken extends Error {}

export function referenceRead(stream: string, options: Options): Reading {
  const events: WireEvent[] = [];
  let rest = stream;
  try {
    for (;;) {
      const one = readOne(rest, options);
      if (one === undefined) return { events, error: undefined, left: rest.length };
      events.push(one.event);
      rest = rest.slice(one.length);
    }
  } catch (error) {
    if (error instanceof Broken) return { events, error: error.message, left: 0 };
    throw error;
  }
}

function readOne(text: string, options: Options): { event: WireEvent; length: number } | undefined {
  if (text === "") return undefined;
  const verbs = VERBS[options.from];
  const ended = /^([^ \t\r\n]*)[ \t\r\n]/.exec(text);
  const word = (ended?.[1] ?? text).toUpperCase();
  if (ended === null ? !verbs.some((verb) => verb.startsWith(word)) : !verbs.includes(word)) {
    throw new Broken("unknown-operation");
  }
  const long = ["INFO", "CONNECT", "-ERR"].includes(word);
  const limit = long ? 1_048_576 : (options.maxControlLine ?? DEFAULT_LINE[options.from]);
  const lineFeed = text.indexOf("\n");
  if (lineFeed < 0) {
    if (ended !== null && text.length - word.length - 1 > limit + 1) throw new Broken("control-line-too-long");
    return undefined;
  }
  const line = text.slice(0, lineFeed).replace(/\r$/, "");
  if (line.length - word.length - 1 > limit) throw new Broken("control-line-too-long");
  if (options.from === "server" && text[lineFeed - 1] !== "\r") throw new Broken("missing-crlf");
  const rest = line.slice(word.length).replace(/^[ \t]+|[ \t]+$/g, "");
  const fields = rest === "" ? [] : rest.split(/[ \t]+/);
  const length = lineFeed + 1;
  const count = (...allowed: number[]): void => {
    if (!allowed.includes(fields.length)) throw new Broken("wrong-field-count");
  };
  switch (word) {
    case "INFO":
      return { event: { op: "Info", text: rest }, length };
    case "CONNECT":
      return { event: { op: "Connect", text: rest }, length };
    case "-ERR":
      return { event: { op: "Err", text: rest.startsWith("'") ? rest.replace(/^'|'$/g, "") : rest }, length };
    case "PING":
      count(0);
      return { event: { op: "Ping" }, length };
    case "PONG":
      count(0);
      return { event: { op: "Pong" }, length };
    case "+OK":
      count(0);
      return { event: { op: "Ok" }, length };
    case "SUB": {
      count(2, 3);
      const queue = fields.length === 3 ? { queue: fields[1] ?? "" } : {};
      return { event: { op: "Sub", subject: fields[0] ?? "", ...queue, sid: fields.at(-1) ?? "" }, length };
    }
    case "UNSUB": {
      count(1, 2);
      const max = fields.length === 2 ? number(fields[1]) : 0;
      return { event: { op: "Unsub", sid: fields[0] ?? "", ...(max > 0 && { max }) }, length };
    }
  }
  const sids = word.endsWith("MSG") ? 1 : 0;
  const sizes = word.startsWith("H") ? 2 : 1;
  count(1 + sids + sizes, 2 + sids + sizes);
  const total = number(fields.at(-1));
  const headerSize = sizes === 2 ? number(fields.at(-2)) : 0;
  if (headerSize > total) throw new Broken("invalid-header-size");
  if (total > (options.maxPayload ?? 64 * 1024 * 1024)) throw new Broken("payload-too-large");
  if (text.length < length + total + 2) return undefined;
  if (text.slice(length + total, length + total + 2) !== "\r\n") throw new Broken("missing-crlf");
  const op = ({ MSG: "Msg", HMSG: "HMsg", PUB: "Pub", HPUB: "HPub" } as const)[word as "MSG"];
  const event: WireEvent = {
    op,
    subject: fields[0] ?? "",
    ...(sids === 1 && { sid: fields[1] ?? "" }),
    ...(fields.length === 2 + sids + sizes && { reply: fields[1 + sids] ?? "" }),
    ...(headerSize > 0 && { headers: text.slice(length, length + headerSize) }),
    payload: text.slice(length + headerSize, length + total),
  };
  return { event, length: length + total + 2 };
}

function number(field: string | undefined): number {
  if (field === undefined || !/^\d+$/.test(field) || !Number.isSafeInteger(Number(field))) {
    throw new Broken("invalid-number");
  }
  return Number(field);
}
