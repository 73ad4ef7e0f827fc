// The statements this client must keep, by ID and level, and the reasons where one has no test. What each says is said by the
// names of its tests in docs/conformance.md. Sources: the NATS documentation ("Connecting to a Cluster", "Developing With NATS",
// the protocol pages) and the ADRs. M = documented behaviour, S = recommended, O = optional, N = no duty of a client.

/** Numbers of each family by level. */
export const families = {
  SEED: {
    M: [
      1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 36,
      37, 38, 39, 40, 41, 42, 43, 44, 46, 47, 49,
    ],
    S: [3, 4, 14, 16, 28, 29],
    O: [45, 48],
  },
  CONN: { M: [1, 3], O: [2] },
  "CONN-DEFAULT": { M: [1, 2], S: [3] },
  "CONN-SPECIFIC": { M: [1, 4], S: [2, 3] },
  "CONN-NAME": { M: [1, 2], S: [3] },
  "CONN-TIMEOUT": { M: [1, 2, 3, 4], S: [5] },
  "CONN-PING": { M: [1, 2, 3, 4, 5, 8], S: [6, 7] },
  "CONN-ECHO": { M: [1, 2, 3, 4, 5] },
  "CONN-MISC": { M: [1, 2, 3, 5, 6], O: [4] },
  RECONN: { M: [1, 2], S: [3, 4, 5] },
  "RECONN-DISABLE": { M: [1, 2] },
  "RECONN-MAX": { M: [1, 2, 3, 4, 5, 6, 7], S: [8, 9] },
  "RECONN-RANDOM": { M: [1, 2, 3] },
  "RECONN-WAIT": { M: [1, 2, 5], S: [3, 4] },
  "RECONN-EVENTS": { M: [1, 2] },
  "RECONN-BUFFER": { O: [1], S: [2, 3], M: [4, 5, 6] },
  SEC: { M: [1] },
  "SEC-USERPASS": { M: [1, 2, 3, 4, 5], S: [6] },
  "SEC-TOKEN": { M: [1, 2, 3] },
  "SEC-NKEY": { M: [1, 2, 3, 4, 5, 6, 7] },
  "SEC-CREDS": { M: [1, 2, 3, 5], S: [4, 6] },
  "SEC-TLS": { M: [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12], S: [9] },
  RECV: { M: [1, 2] },
  "RECV-SYNC": { O: [1] },
  "RECV-ASYNC": { M: [1, 2, 3, 4, 6], S: [5] },
  "RECV-UNSUB": { M: [1, 2, 3] },
  "RECV-UNSUB-AFTER": { M: [1, 2, 3, 4], S: [5] },
  "RECV-REPLY": { M: [1, 2] },
  "RECV-WILD": { M: [1, 2], S: [3] },
  "RECV-QUEUE": { M: [1, 2, 3, 4] },
  "RECV-DRAIN": { M: [1, 2, 3, 4, 5, 6, 7, 9], S: [8] },
  "RECV-JSON": { M: [1, 2], S: [3] },
  SEND: { M: [1, 2, 3, 4] },
  "SEND-REPLYTO": { M: [1, 2, 3] },
  "SEND-REQUEST": { M: [1, 2, 4, 7, 8], S: [3, 5, 6, 9] },
  "SEND-FLUSH": { M: [1, 2, 3, 4], S: [5] },
  "SEND-JSON": { M: [1] },
  EVENTS: { M: [1, 2, 3, 4], S: [5] },
  "EVENTS-ERR": { M: [1, 2, 3, 4] },
  "EVENTS-SLOW": { S: [1, 2, 3], M: [4, 5] },
  "TUT-PUBSUB": { S: [1] },
  "TUT-REQREPLY": { S: [1] },
  "TUT-QUEUE": { S: [1] },
  "TUT-EXAMPLES": { S: [1] },
  "CUSTOM-DIALER": { O: [1, 2, 3, 4, 5, 6] },
  PROTO: {
    M: [
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
      32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 60,
      62, 63, 64, 65,
    ],
    S: [59, 61],
    N: [66],
  },
  // Numbered here: M = text of ADR-40 or of the ADRs it names, S = what the Go client does and others follow.
  ADR40: {
    M: [1, 2, 3, 4, 5, 8, 9, 10, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 35, 36, 37, 39],
    S: [6, 7, 11, 12, 13, 19, 20, 33, 34, 38],
  },
  TOOL: { S: [1, 2, 3, 4, 5] },
};

/** Decisions the documents leave to a library. */
export const decisions = Array.from({ length: 18 }, (_, index) => `D${index + 1}`);

/** What users of other clients suffered from, as acceptance statements. */
export const acceptance = [
  1, 2, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32, 39, 40, 42, 43, 47, 48,
  50, 51, 52, 53, 55, 56,
].map((number) => `P${number}`);

/** Why a statement has no test, where that is decided. */
export const reasons = {
  "PROTO-61": "measured: docs/performance.md",
  "PROTO-66": "between servers; not a client's duty",
};

/** Known not to be proven yet. Whatever gets a test leaves this list; nothing may be added to it. */
export const open = [];

/** Statements whose tests prove a part of them, and what is missing. */
export const partly = {
  D17: "npm test plays the suite of all runtimes on the present Node; on Node 20, 22, 24 and newest, Deno, Bun, Chromium and Firefox npm run runtimes does, a step of npm run check",
  "ADR40-5": "a nonce without a signer is left to the server, which may know a user for those without credentials",
  "ADR40-28": "the default interval is 20 s, not 2 min, so that a silent server is noticed within 60 s",
  "ADR40-33": "only with ignoreAuthErrorAbort: false; by default the connection is kept and waits grow (D11)",
  "ADR40-38": "an unknown -ERR alone does not close: the server decides",
  P25: "played in Chromium, Firefox, Node, Deno and Bun (npm run runtimes, npm run console:check), not in WebKit; absences are shortened, and after a long one Firefox itself keeps a dial back, up to a minute",
  P27: "of TypeScript, the bundlers, Angular CLI and Next, npm test has esbuild alone; npm run consumers, a step of npm run check, has all of them, the last two as ES modules in TypeScript",
  P47: "the core imports nothing of node:; there is no transport for workerd",
  P48: "npm test plays the suite on the present Node, npm run runtimes, a step of npm run check, on every other",
  P55: "times are measured by npm run bench -- replay, not tested",
};
