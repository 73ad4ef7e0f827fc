// Swallows whatever is published, as fast as a socket can be read, and answers PING.

import { type Endpoint, listen } from "./listen.js";

export function openSink(): Promise<Endpoint> {
  return listen();
}
