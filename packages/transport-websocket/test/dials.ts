// What the tests dial: ports of this machine, and a listener that ends with its test.

import type { DialTarget } from "@myelin/contracts";
import { onTestFinished } from "vitest";
import { targetOf } from "../../transport-node/test/subjects.js";
import { WebSocketListener } from "./web-socket-server.js";

/** A signal that does not abort. */
export const never = (): AbortSignal => new AbortController().signal;

/** That port of this machine, dialled as `ws://` unless `parts` says otherwise. */
export function at(port: number, parts: Partial<DialTarget> = {}): DialTarget {
  const scheme = parts.scheme ?? "ws";
  return targetOf({
    url: `${scheme}://127.0.0.1:${port}`,
    scheme,
    hostname: "127.0.0.1",
    serverName: "",
    port,
    ...parts,
  });
}

/** A WebSocket server that ends with the test. */
export async function listen(): Promise<WebSocketListener> {
  const listener = await WebSocketListener.open();
  onTestFinished(() => listener.stop());
  return listener;
}
