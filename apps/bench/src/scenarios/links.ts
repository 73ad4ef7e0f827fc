// The same work over TLS and over WebSocket.

import type { Link } from "../job.js";
import { CLIENTS, publishing, receiving, type Scenario, sizesOf } from "./scenario.js";

export const tls: Scenario = {
  name: "tls",
  title: "TLS",
  about:
    "Publishing to a sink and receiving from a source, both encrypted from the first byte. The floor is a bare TLS socket that moves " +
    "the same bytes, encoded beforehand.",
  messages: 1_000_000,
  documented: 400_000,
  lines: (amounts) => lines("tls", amounts),
};

export const websocket: Scenario = {
  name: "websocket",
  title: "WebSocket",
  about:
    "Publishing to a sink and receiving from a source over WebSocket without TLS. Both clients use the WebSocket of the package `ws`, " +
    "which Node 20 needs.",
  messages: 1_000_000,
  documented: 300_000,
  lines: (amounts) => lines("websocket", amounts),
};

function lines(link: Link, amounts: Parameters<Scenario["lines"]>[0]) {
  const who = link === "tls" ? ([...CLIENTS, "bare-socket"] as const) : CLIENTS;
  return sizesOf(amounts, [128]).flatMap((size) =>
    [publishing, receiving].flatMap((make) =>
      who.map((name) => make(name, amounts.messages, size, { link, floor: name === "bare-socket" })),
    ),
  );
}
