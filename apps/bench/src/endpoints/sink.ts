// Swallows whatever is published, as fast as a socket can be read, and answers PING.

import { type Endpoint, listen } from "./listen.js";
import type { Door } from "./open.js";

export function openSink(door?: Door): Promise<Endpoint> {
  return listen(door);
}
