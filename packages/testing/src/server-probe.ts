// Asks a running server from outside: is it ready, and what does its monitoring port say. Changes nothing on it.

import { once } from "node:events";
import { get } from "node:http";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";

/** What a server says of itself on its client port, the fields tests use and the rest. */
export type ProbedInfo = Readonly<Record<string, unknown>> & {
  /** Unique, and a new one after every restart. */
  readonly server_id: string;
  /** Without the `v`. */
  readonly version: string;
  /** `host:port` of the servers of the cluster. */
  readonly connect_urls?: readonly string[];
  /** Clients must upgrade to TLS. */
  readonly tls_required?: boolean;
  /** Clients must say who they are. */
  readonly auth_required?: boolean;
  /** Most bytes of a message. */
  readonly max_payload?: number;
  /** It is about to leave. */
  readonly ldm?: boolean;
};

/**
 * Reads INFO from the client port and, where the server asks for neither TLS nor credentials, exchanges PING and PONG.
 * Rejects when that does not work within `ms`.
 */
export async function probe(host: string, port: number, ms: number): Promise<ProbedInfo> {
  const socket = createConnection({ host, port, signal: AbortSignal.timeout(ms) });
  let info: ProbedInfo | undefined;
  try {
    for await (const line of createInterface({ input: socket })) {
      if (line.startsWith("INFO ")) {
        info ??= JSON.parse(line.slice(5)) as ProbedInfo;
        if (info.tls_required === true || info.auth_required === true) return info;
        socket.write('CONNECT {"verbose":false,"pedantic":false,"lang":"probe","version":"0"}\r\nPING\r\n');
      }
      if (line.startsWith("-ERR")) throw new Error(`the server said ${line}`);
      if (line.startsWith("PONG") && info !== undefined) return info;
    }
    throw new Error(`${host}:${port} did not answer like a nats-server`);
  } finally {
    socket.destroy();
  }
}

/** True when something accepts TCP connections there. */
export async function accepts(host: string, port: number): Promise<boolean> {
  const socket = createConnection({ host, port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** JSON of one monitoring endpoint (`varz`, `connz?subs=1` …). */
export function monitoring(port: number, endpoint: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    // No agent: a pooled socket would outlive the answer, and tests count sockets.
    const request = get({ host: "127.0.0.1", port, path: `/${endpoint}`, agent: false, timeout: 5_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>);
        } catch (error) {
          reject(error);
        }
      });
    });
    request.on("timeout", () => request.destroy(new Error(`/${endpoint} did not answer within 5 s`)));
    request.on("error", reject);
  });
}
