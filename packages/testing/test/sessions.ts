// Scripted sessions of raw bytes, played to a broker and to real servers, which must answer alike. No servers here.

import { createUser, fromSeed } from "@nats-io/nkeys";
import type { BrokerOptions } from "../src/index.js";

/** What one client says next; a function is told the nonce of its INFO. A PING goes behind each step. */
export type Step = readonly [client: string, text: string | ((nonce: string) => string)];

/** How a server is set up, in its own configuration language and in a broker's options. */
export interface Setup {
  readonly config: string;
  readonly options: BrokerOptions;
}

const user = createUser();
const stranger = createUser();
const nkey = user.getPublicKey();
const sign = (seed: Uint8Array, nonce: string): string =>
  Buffer.from(fromSeed(seed).sign(Buffer.from(nonce))).toString("base64url");

export const setups: Readonly<Record<"plain" | "users" | "token" | "limits", Setup>> = {
  plain: { config: "", options: {} },
  users: {
    config: `authorization {
      timeout: 0.2
      users: [
        { user: "open", password: "sesame" }
        { user: "narrow", password: "n", permissions: { publish: ["out.*", "_INBOX.>"], subscribe: { allow: ["in.>", "_INBOX.>"], deny: ["in.secret"] } } }
        { user: "denied", password: "d", permissions: { publish: { deny: "out.>" }, subscribe: { deny: ["in.a", "in.b.>"] } } }
        { nkey: ${nkey} }
      ]
    }`,
    options: {
      authTimeout: 200,
      users: [
        { user: "open", pass: "sesame" },
        {
          user: "narrow",
          pass: "n",
          permissions: {
            publish: ["out.*", "_INBOX.>"],
            subscribe: { allow: ["in.>", "_INBOX.>"], deny: ["in.secret"] },
          },
        },
        {
          user: "denied",
          pass: "d",
          permissions: { publish: { deny: ["out.>"] }, subscribe: { deny: ["in.a", "in.b.>"] } },
        },
        { nkey },
      ],
    },
  },
  token: { config: 'authorization { token: "t0ken" }', options: { token: "t0ken" } },
  limits: {
    config: "max_payload: 100, max_control_line: 200, max_connections: 2",
    options: { maxPayload: 100, maxControlLine: 200, maxConnections: 2 },
  },
};

const PLAIN = 'CONNECT {"verbose":false,"pedantic":false}\r\n';
const FULL = 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}\r\n';
const as = (fields: Record<string, string>): string =>
  `CONNECT ${JSON.stringify({ verbose: false, pedantic: false, headers: true, no_responders: true, ...fields })}\r\n`;
const narrow = as({ user: "narrow", pass: "n" });
const alone = (...texts: string[]): Step[] => texts.map((text) => ["a", text]);

export const sessions: { readonly [setup in keyof typeof setups]: { readonly [name: string]: readonly Step[] } } = {
  plain: {
    "PROTO-59: the protocol demo": alone(
      "sub foo.* 90\r\n",
      "pub foo.bar 5\r\nhello\r\n",
      "pub foo.bar optional.reply.subject 5\r\nhello\r\n",
      "unsub 90\r\n",
      "pub foo.bar 5\r\nhello\r\n",
      "PING\r\n",
    ),
    "CONNECT, no responders, queue groups, limits, headers": alone(
      `${FULL}PING\r\n`,
      "SUB _INBOX.* 1\r\nPUB nobody.home _INBOX.x 2\r\nhi\r\n",
      "SUB a q 2\r\nSUB a 3\r\nUNSUB 3 1\r\nHPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPUB a 0\r\n\r\n",
      "UNSUB 77\r\n",
      "SUB b 9\r\nSUB b 9\r\nPUB b 1\r\nx\r\n",
      "SUB c 10\r\nUNSUB 10 2\r\nPUB c 0\r\n\r\nPUB c 0\r\n\r\nPUB c 0\r\n\r\n",
    ),
    "the answer that nobody is there counts towards no limit": alone(
      FULL,
      "SUB _INBOX.1 1\r\nUNSUB 1 1\r\nPUB nobody _INBOX.1 0\r\n\r\nPUB nobody _INBOX.1 0\r\n\r\n",
      "SUB _INBOX.q group 2\r\nPUB nobody _INBOX.q 0\r\n\r\n",
      "PUB nobody _INBOX.other 0\r\n\r\nPUB nobody.* _INBOX.1 0\r\n\r\nPUB no..body _INBOX.1 0\r\n\r\n",
    ),
    "a limit below what was delivered ends the subscription": alone(
      PLAIN,
      "SUB a 1\r\nPUB a 0\r\n\r\nPUB a 0\r\n\r\nUNSUB 1 2\r\nPUB a 0\r\n\r\n",
      "SUB a 1\r\nPUB a 0\r\n\r\nUNSUB 1 3\r\nPUB a 0\r\n\r\nPUB a 0\r\n\r\nPUB a 0\r\n\r\n",
      "SUB b 5\r\nUNSUB 5 9\r\nUNSUB 5\r\nPUB b 0\r\n\r\n",
    ),
    "verbose: +OK for each operation": alone(
      'CONNECT {"verbose":true,"pedantic":false}\r\n',
      "SUB a 1\r\nSUB a 1\r\nPUB a 1\r\nx\r\nUNSUB 1\r\nUNSUB 99\r\nSUB a..b 2\r\nPUB a..b 0\r\n\r\nPONG\r\nPING\r\n",
    ),
    "verbose and pedantic by default, invalid subjects told and dealt with": alone(
      "CONNECT {}\r\n",
      "SUB > 1\r\nPUB a.* 1\r\nx\r\nPUB a..b 0\r\n\r\nPUB ok 0\r\n\r\n",
    ),
    wildcards: alone(
      PLAIN,
      "SUB * 1\r\nPUB a 0\r\n\r\nPUB a.b 0\r\n\r\nUNSUB 1\r\n",
      "SUB > 2\r\nPUB a.b 0\r\n\r\nUNSUB 2\r\n",
      "SUB a.> 3\r\nPUB a 0\r\n\r\nPUB a.b.c 0\r\n\r\nUNSUB 3\r\n",
      "SUB *.b.* 4\r\nPUB a.b.c 0\r\n\r\nPUB a.b 0\r\n\r\nPUB a.c.b 0\r\n\r\nUNSUB 4\r\n",
      "SUB a.*.> 5\r\nPUB a.b 0\r\n\r\nPUB a.b.c.d 0\r\n\r\nUNSUB 5\r\n",
      "SUB a* 6\r\nSUB a>b 7\r\nPUB a* 0\r\n\r\nPUB a>b 0\r\n\r\nPUB ab 0\r\n\r\n",
    ),
    "wildcards in what is published": alone(PLAIN, "SUB x.* 8\r\nPUB x.* 0\r\n\r\nPUB x.> 0\r\n\r\nPUB > 0\r\n\r\n"),
    "PROTO-53, PROTO-56: invalid subjects leave the connection open": alone(
      'CONNECT {"verbose":false,"protocol":1}\r\n',
      "SUB foo. 90\r\nSUB .foo 91\r\nSUB a..b 92\r\nSUB a.>.b 93\r\n",
      "PUB foo..bar 2\r\nhi\r\n",
      "PING\r\n",
    ),
    "echo off": alone(
      'CONNECT {"verbose":false,"protocol":1,"echo":false,"headers":true,"no_responders":true}\r\n',
      "SUB a 1\r\nPUB a 2\r\nhi\r\n",
      "SUB b q 2\r\nSUB in 3\r\nPUB b in 2\r\nhi\r\n",
    ),
    "echo off: the group's other member has it": [
      ["a", 'CONNECT {"verbose":false,"echo":false}\r\nSUB b q 2\r\n'],
      ["b", `${PLAIN}SUB b q 2\r\n`],
      ["a", "PUB b 2\r\nhi\r\nPUB b 2\r\nhi\r\nPUB b 2\r\nhi\r\nPUB b 2\r\nhi\r\nPUB b 2\r\nhi\r\n"],
      ["b", ""],
    ],
    "a request and its answer between two clients, with headers": [
      ["server", `${FULL}SUB svc.* workers 7\r\n`],
      ["client", `${FULL}SUB _INBOX.x.* 1\r\nHPUB svc.a _INBOX.x.1 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n`],
      ["server", "HPUB _INBOX.x.1 12 14\r\nNATS/1.0\r\n\r\nok\r\n"],
      ["client", ""],
    ],
    "PROTO-34: headers are stripped for a subscriber without them": [
      ["a", 'CONNECT {"verbose":false,"headers":false}\r\nSUB a 1\r\n'],
      ["b", 'CONNECT {"verbose":false,"headers":true}\r\nHPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n'],
      ["a", ""],
    ],
    "a reply subject nobody could subscribe to is passed on": alone(
      PLAIN,
      "SUB a 1\r\nPUB a b..c 2\r\nhi\r\nPUB a > 0\r\n\r\n",
    ),
    "sids are text": alone(PLAIN, "SUB a x\r\nSUB a 07\r\nUNSUB x\r\nPUB a 0\r\n\r\n"),
    "CONNECT again changes the wishes": alone(PLAIN, 'CONNECT {"verbose":true,"pedantic":false}\r\n', "SUB a 1\r\n"),
    "operations before CONNECT": alone("SUB a 1\r\nPUB a 0\r\n\r\n", PLAIN, "PUB a 0\r\n\r\n"),
    "PROTO-35: HPUB without headers ends the connection silently": alone(
      PLAIN,
      "HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
    ),
    "PROTO-41: an unknown operation ends the connection": alone("BOGUS\r\n"),
    "PROTO-41: a payload longer than declared ends the connection": alone("PUB a 3\r\nhiho\r\n"),
    "PROTO-52: too large a payload ends the connection": alone("PUB a 3000000\r\n"),
    "PROTO-57: no responders without headers ends the connection": alone('CONNECT {"no_responders":true}\r\n'),
    "PUB without fields ends the connection": alone(`${PLAIN}PUB\r\n`),
    "SUB without fields ends the connection": alone(`${PLAIN}SUB\r\n`),
    "SUB with too many fields ends the connection": alone(`${PLAIN}SUB a b c d\r\n`),
    "UNSUB without fields ends the connection": alone(`${PLAIN}UNSUB\r\n`),
    "PUB without a size ends the connection": alone(`${PLAIN}PUB a\r\n`),
    "PUB with a size that is none ends the connection": alone(`${PLAIN}PUB a x\r\n`),
    "HPUB with headers larger than the whole ends the connection": alone(`${FULL}HPUB a 20 10\r\n`),
    "CONNECT that is no JSON ends the connection": alone("CONNECT nonsense\r\n"),
    "CONNECT with a field of another type ends the connection": alone('CONNECT {"verbose":"yes"}\r\n'),
  },
  users: {
    "user and password": alone(as({ user: "open", pass: "sesame" }), "SUB a 1\r\nPUB a 0\r\n\r\n"),
    "a wrong password": alone(as({ user: "open", pass: "wrong" })),
    "an unknown user": alone(as({ user: "nobody", pass: "x" })),
    "no credentials": alone(PLAIN),
    "an operation before CONNECT": alone("PING\r\n"),
    "a token where users are asked for": alone(as({ auth_token: "sesame" })),
    "an nkey and a signed nonce": [
      ["a", (nonce) => as({ nkey, sig: sign(user.getSeed(), nonce) })],
      ["a", "SUB a 1\r\nPUB a 0\r\n\r\n"],
    ],
    "an nkey and somebody else's signature": [["a", (nonce) => as({ nkey, sig: sign(stranger.getSeed(), nonce) })]],
    "an nkey and the signature of something else": [["a", () => as({ nkey, sig: sign(user.getSeed(), "other") })]],
    "an nkey without a signature": alone(as({ nkey })),
    "an unknown nkey": [["a", (nonce) => as({ nkey: stranger.getPublicKey(), sig: sign(stranger.getSeed(), nonce) })]],
    "publish allowed and not allowed": alone(
      narrow,
      "SUB in.x 1\r\nPUB out.a 0\r\n\r\nPUB other 0\r\n\r\nPUB out.a.b r 0\r\n\r\nPUB _INBOX.x 0\r\n\r\n",
    ),
    "subscribe allowed and not allowed": alone(
      narrow,
      "SUB in.a 1\r\nSUB out.a 2\r\nSUB out.a group 3\r\nSUB in.secret 4\r\nSUB in.secret q 5\r\nSUB in 6\r\nSUB > 7\r\n",
    ),
    "a wildcard subscription does not see what is denied": [
      ["a", `${narrow}SUB in.* 1\r\nSUB in.> q 2\r\n`],
      ["b", as({ user: "open", pass: "sesame" })],
      ["b", "PUB in.secret 0\r\n\r\nPUB in.open 0\r\n\r\n"],
      ["a", ""],
    ],
    "only denied": [
      ["a", as({ user: "denied", pass: "d" })],
      [
        "a",
        "SUB in.a 1\r\nSUB in.c 2\r\nSUB in.b.c 3\r\nSUB in.* 4\r\nPUB out.x 0\r\n\r\nPUB in.c 0\r\n\r\nPUB in.a 0\r\n\r\n",
      ],
    ],
    "verbose: no +OK for what is denied": alone(
      'CONNECT {"verbose":true,"pedantic":false,"user":"narrow","pass":"n"}\r\n',
      "SUB in.a 1\r\nSUB no 2\r\nPUB no 0\r\n\r\nPUB out.a 0\r\n\r\n",
    ),
    "pedantic and denied": alone(
      'CONNECT {"verbose":true,"pedantic":true,"user":"narrow","pass":"n"}\r\n',
      "PUB no..no 0\r\n\r\nSUB no..no 2\r\nSUB in..no 2\r\n",
    ),
  },
  token: {
    "the token": alone(as({ auth_token: "t0ken" }), "SUB a 1\r\nPUB a 0\r\n\r\n"),
    "another token": alone(as({ auth_token: "other" })),
    "a user where a token is asked for": alone(as({ user: "t0ken" })),
  },
  limits: {
    "a payload of just the limit, and one more": alone(
      PLAIN,
      `SUB a 1\r\nPUB a 100\r\n${"x".repeat(100)}\r\n`,
      "PUB a 101\r\n",
    ),
    "too long a control line": alone(PLAIN, `PUB ${"x".repeat(300)} 0\r\n\r\n`),
    "one connection too many": [
      ["a", PLAIN],
      ["b", PLAIN],
      ["c", PLAIN],
      ["a", ""],
    ],
  },
};
