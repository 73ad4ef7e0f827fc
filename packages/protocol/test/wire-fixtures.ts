// One table for both directions: bytes, and what they mean. `only: "decode"` marks spellings that peers use and we read but
// never write. Source: NATS client protocol, ADR-4; the vectors of conformance PROTO-10 … PROTO-29.

import type { WireEvent } from "./events.js";

export interface Fixture {
  readonly name: string;
  readonly from: "server" | "client";
  readonly bytes: string;
  readonly event: WireEvent;
  readonly only?: "decode";
}

const HB = "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 1016\r\nNats-Last-Stream: 1024\r\n\r\n";

export const fixtures: readonly Fixture[] = [
  ...both("PROTO-18: PING", "PING\r\n", { op: "Ping" }),
  ...both("PROTO-18: PONG", "PONG\r\n", { op: "Pong" }),
  server("PROTO-19: +OK", "+OK\r\n", { op: "Ok" }),
  server("PROTO-20: -ERR, quotes stripped", "-ERR 'Stale Connection'\r\n", { op: "Err", text: "Stale Connection" }),
  server("PROTO-10: INFO", 'INFO {"server_id":"a"}\r\n', { op: "Info", text: '{"server_id":"a"}' }),
  server("PROTO-16: MSG", "MSG FOO.BAR 9 11\r\nHello World\r\n", msg("FOO.BAR", "9", "Hello World")),
  server("PROTO-16: MSG with a reply subject", "MSG FOO.BAR 9 GREETING.34 11\r\nHello World\r\n", {
    ...msg("FOO.BAR", "9", "Hello World"),
    reply: "GREETING.34",
  }),
  server("PROTO-16: MSG with a reply subject of digits", "MSG a 9 34 2\r\nhi\r\n", {
    ...msg("a", "9", "hi"),
    reply: "34",
  }),
  server("PROTO-16: MSG without payload", "MSG a 1 0\r\n\r\n", msg("a", "1", "")),
  server(
    "PROTO-16: MSG whose payload looks like protocol",
    "MSG a 1 8\r\n\r\nPING\r\n\r\n",
    msg("a", "1", "\r\nPING\r\n"),
  ),
  server("PROTO-16: MSG with an alphanumeric sid", "MSG a s1 1\r\nx\r\n", msg("a", "s1", "x")),
  server("PROTO-16: MSG with a padded sid", "MSG a 007 1\r\nx\r\n", msg("a", "007", "x")),
  server("PROTO-16: MSG with sid 0", "MSG a 0 1\r\nx\r\n", msg("a", "0", "x")),
  server("PROTO-16: MSG with a long sid", "MSG a 1234567890123 1\r\nx\r\n", msg("a", "1234567890123", "x")),
  server(
    "PROTO-6: MSG with a UTF-8 subject",
    "MSG gr\xc3\xbc\xc3\x9fe 1 1\r\nx\r\n",
    msg("gr\xc3\xbc\xc3\x9fe", "1", "x"),
    "decode",
  ),
  server(
    "PROTO-3: several blanks (2.9.10)",
    'MSG in.2 1  23\r\n{"stream":"S", "seq":1}\r\n',
    msg("in.2", "1", '{"stream":"S", "seq":1}'),
    "decode",
  ),
  server("PROTO-3: tabs and trailing blanks", "MSG\ta \t 1\t1 \t\r\nx\r\n", msg("a", "1", "x"), "decode"),
  server("PROTO-3: INFO with a trailing blank", "INFO {} \r\n", { op: "Info", text: "{}" }, "decode"),
  server("PROTO-4: msg", "msg a 1 1\r\nx\r\n", msg("a", "1", "x"), "decode"),
  server("PROTO-4: Msg", "Msg a 1 1\r\nx\r\n", msg("a", "1", "x"), "decode"),
  server("PROTO-4: hMsG", "hMsG a 1 12 12\r\nNATS/1.0\r\n\r\n\r\n", hmsg("a", "1", "NATS/1.0\r\n\r\n", ""), "decode"),
  server("PROTO-4: pong", "pong\r\n", { op: "Pong" }, "decode"),
  server("PROTO-4: -err", "-err 'x'\r\n", { op: "Err", text: "x" }, "decode"),
  server("PROTO-4: info", "info {}\r\n", { op: "Info", text: "{}" }, "decode"),
  server("PROTO-20: -ERR without quotes", "-ERR Oops\r\n", { op: "Err", text: "Oops" }, "decode"),
  server(
    "PROTO-17, PROTO-29: HMSG with a reply subject",
    "HMSG FOO.BAR 9 BAZ.69 34 45\r\nNATS/1.0\r\nFoodGroup: vegetable\r\n\r\nHello World\r\n",
    {
      ...hmsg("FOO.BAR", "9", "NATS/1.0\r\nFoodGroup: vegetable\r\n\r\n", "Hello World"),
      reply: "BAZ.69",
    },
  ),
  server(
    "PROTO-17, ERR-8: HMSG with its sid",
    "HMSG FOO.BAR 9 34 45\r\nNATS/1.0\r\nFoodGroup: vegetable\r\n\r\nHello World\r\n",
    hmsg("FOO.BAR", "9", "NATS/1.0\r\nFoodGroup: vegetable\r\n\r\n", "Hello World"),
  ),
  server(
    "PROTO-33, VER-3: no responders of 2.9",
    "HMSG inbox 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
    hmsg("inbox", "1", "NATS/1.0 503\r\n\r\n", ""),
  ),
  server(
    "PROTO-33, VER-3: no responders of 2.15",
    "HMSG inbox 1 38 38\r\nNATS/1.0 503\r\nNats-Subject: nobody\r\n\r\n\r\n",
    hmsg("inbox", "1", "NATS/1.0 503\r\nNats-Subject: nobody\r\n\r\n", ""),
  ),
  server(
    "PROTO-29: idle heartbeat",
    `HMSG my.messages 2  ${HB.length} ${HB.length}\r\n${HB}\r\n`,
    hmsg("my.messages", "2", HB, ""),
    "decode",
  ),
  client(
    "PROTO-11: CONNECT",
    'CONNECT {"verbose":false,"pedantic":false,"tls_required":false,"lang":"ts","version":"1"}\r\n',
    {
      op: "Connect",
      text: '{"verbose":false,"pedantic":false,"tls_required":false,"lang":"ts","version":"1"}',
    },
  ),
  client("PROTO-12: PUB", "PUB FOO 11\r\nHello NATS!\r\n", pub("FOO", "Hello NATS!")),
  client("PROTO-12: PUB with a reply subject", "PUB FRONT.DOOR JOKE.22 11\r\nKnock Knock\r\n", {
    ...pub("FRONT.DOOR", "Knock Knock"),
    reply: "JOKE.22",
  }),
  client("PROTO-12: empty PUB", "PUB NOTIFY 0\r\n\r\n", pub("NOTIFY", "")),
  client(
    "PROTO-13, PROTO-29: HPUB",
    "HPUB FOO 22 33\r\nNATS/1.0\r\nBar: Baz\r\n\r\nHello NATS!\r\n",
    hpub("FOO", "NATS/1.0\r\nBar: Baz\r\n\r\n", "Hello NATS!"),
  ),
  client(
    "PROTO-29: HPUB with a reply subject",
    "HPUB FRONT.DOOR JOKE.22 45 56\r\nNATS/1.0\r\nBREAKFAST: donut\r\nLUNCH: burger\r\n\r\nKnock Knock\r\n",
    {
      ...hpub("FRONT.DOOR", "NATS/1.0\r\nBREAKFAST: donut\r\nLUNCH: burger\r\n\r\n", "Knock Knock"),
      reply: "JOKE.22",
    },
  ),
  client(
    "PROTO-29: HPUB without payload",
    "HPUB NOTIFY 22 22\r\nNATS/1.0\r\nBar: Baz\r\n\r\n\r\n",
    hpub("NOTIFY", "NATS/1.0\r\nBar: Baz\r\n\r\n", ""),
  ),
  client(
    "PROTO-29, PROTO-31: HPUB with two values of one name",
    "HPUB MORNING.MENU 47 51\r\nNATS/1.0\r\nBREAKFAST: donut\r\nBREAKFAST: eggs\r\n\r\nYum!\r\n",
    hpub("MORNING.MENU", "NATS/1.0\r\nBREAKFAST: donut\r\nBREAKFAST: eggs\r\n\r\n", "Yum!"),
  ),
  ...[
    ["23 30", "NATS/1.0\r\nHeader: X\r\n\r\n", "PAYLOAD"],
    ["23 23", "NATS/1.0\r\nHeader: X\r\n\r\n", ""],
    ["48 55", "NATS/1.0\r\nHeader1: X\r\nHeader1: Y\r\nHeader2: Z\r\n\r\n", "PAYLOAD"],
    ["48 48", "NATS/1.0\r\nHeader1: X\r\nHeader1: Y\r\nHeader2: Z\r\n\r\n", ""],
  ].map(([sizes = "", block = "", payload = ""]) =>
    client(`PROTO-29: HPUB SUBJECT REPLY ${sizes} of ADR-4`, `HPUB SUBJECT REPLY ${sizes}\r\n${block}${payload}\r\n`, {
      ...hpub("SUBJECT", block, payload),
      reply: "REPLY",
    }),
  ),
  client("PROTO-14: SUB", "SUB FOO 1\r\n", { op: "Sub", subject: "FOO", sid: "1" }),
  client("PROTO-14: SUB with a queue group", "SUB BAR G1 44\r\n", {
    op: "Sub",
    subject: "BAR",
    queue: "G1",
    sid: "44",
  }),
  client("PROTO-7: SUB with wildcards", "SUB foo.*.bar.> 2\r\n", { op: "Sub", subject: "foo.*.bar.>", sid: "2" }),
  client("PROTO-15: UNSUB", "UNSUB 1\r\n", { op: "Unsub", sid: "1" }),
  client("PROTO-15: UNSUB with max", "UNSUB 1 5\r\n", { op: "Unsub", sid: "1", max: 5 }),
  client("PROTO-4: pub", "pub a 1\r\nx\r\n", pub("a", "x"), "decode"),
  client(
    "PROTO-2: bare LF after a control line of a client",
    "SUB a 1\n",
    { op: "Sub", subject: "a", sid: "1" },
    "decode",
  ),
  client("PROTO-2: bare LF before a payload of a client", "PUB a 1\nx\r\n", pub("a", "x"), "decode"),
];

function msg(subject: string, sid: string, payload: string): WireEvent {
  return { op: "Msg", subject, sid, payload };
}
function hmsg(subject: string, sid: string, headers: string, payload: string): WireEvent {
  return { op: "HMsg", subject, sid, headers, payload };
}
function pub(subject: string, payload: string): WireEvent {
  return { op: "Pub", subject, payload };
}
function hpub(subject: string, headers: string, payload: string): WireEvent {
  return { op: "HPub", subject, headers, payload };
}
function server(name: string, bytes: string, event: WireEvent, only?: "decode"): Fixture {
  return { name, from: "server", bytes, event, ...(only && { only }) };
}
function client(name: string, bytes: string, event: WireEvent, only?: "decode"): Fixture {
  return { name, from: "client", bytes, event, ...(only && { only }) };
}
function both(name: string, bytes: string, event: WireEvent): Fixture[] {
  return [server(`${name} of a server`, bytes, event), client(`${name} of a client`, bytes, event)];
}
