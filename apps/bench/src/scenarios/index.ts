// Every scenario, in the order of the report.

import { codec } from "./codec.js";
import { headers, iterator, loop } from "./iterator-headers-and-loop.js";
import { large } from "./large.js";
import { tls, websocket } from "./links.js";
import { memory } from "./memory.js";
import { publish } from "./publish.js";
import { request, storm } from "./request-and-storm.js";
import type { Scenario } from "./scenario.js";
import { pressure, subjects } from "./subjects-and-pressure.js";
import { subscribe } from "./subscribe.js";
import { replay, subscriptions } from "./subscriptions.js";
import { peers, pubsub } from "./through-server.js";

export const scenarios: readonly Scenario[] = [
  codec,
  subscribe,
  iterator,
  headers,
  loop,
  publish,
  subjects,
  pressure,
  large,
  request,
  pubsub,
  peers,
  subscriptions,
  replay,
  storm,
  tls,
  websocket,
  memory,
];
