// The `servers` option: a string, a comma-separated string, or an array of either, read into distinct server addresses.
// One address is server-url.ts. Source: decision D2; conformance SEED-1…6.

import { InvalidArgumentError } from "@myelin/contracts";
import { defaults } from "./defaults.js";
import { safeLabel } from "./safe-to-show.js";
import {
  type NamesOfList,
  parseLabelled,
  parseServerUrl,
  type ServerUrl,
  type ServerUrlOptions,
} from "./server-url.js";

/**
 * Reads the `servers` option into one address per server, in the order given. The argument is neither kept nor changed.
 *
 * `undefined` is the default server on this machine. Of two spellings of one server the first stays, unless only the
 * second demands TLS.
 *
 * @throws InvalidArgumentError for an empty list and for any address that cannot be read.
 */
export function parseServerList(
  servers: string | readonly string[] | undefined,
  options: ServerUrlOptions = {},
): ServerUrl[] {
  if (servers === undefined) return [parseServerUrl(defaults.server, options)];
  if (typeof servers !== "string" && !Array.isArray(servers)) {
    throw new InvalidArgumentError("servers", "must be a string or an array of strings");
  }
  const found = new Map<string, ServerUrl>();
  const names: NamesOfList = new Map();
  let position = 0;
  for (const text of typeof servers === "string" ? [servers] : servers) {
    if (typeof text !== "string") {
      throw new InvalidArgumentError("servers", `element ${position + 1} must be a string, not ${typeof text}`);
    }
    for (const element of text.split(",")) {
      if (element.trim() === "") continue;
      position += 1;
      const place = position;
      const url = parseLabelled(element, options, () => labelOf(element, text, place), names);
      const known = found.get(url.key);
      if (known === undefined || (!demandsTls(known) && demandsTls(url))) found.set(url.key, url);
    }
  }
  if (found.size === 0) {
    throw new InvalidArgumentError("servers", "is empty; name at least one server, or omit it for 127.0.0.1:4222");
  }
  return [...found.values()];
}

// A raw comma in a password cuts it in two, and the first half then holds no @ that would give it away. So once any
// element of a string has credentials, an element without them is only counted, not shown. The same goes for a query, whose second
// half has neither a scheme nor a question mark.
function labelOf(element: string, whole: string, position: number): string {
  const ofPassword = whole.includes("@") && !element.includes("@");
  if (ofPassword || (whole.includes("?") && !/\?|:\/\//.test(element))) {
    return `element ${position} (hidden; a comma in a password or a query must be written %2C)`;
  }
  return safeLabel(element.trim());
}

function demandsTls(url: ServerUrl): boolean {
  return url.scheme === "tls" || url.scheme === "wss";
}
