// Proxies of a few lines on loopback, which know names nobody else does and say what was asked of them. Sources: RFC 9110 §9.3.6, RFC 1928.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface TestProxy {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** What each client asked for, `host:port`, in order. */
  readonly asked: readonly string[];
  /** What each client said before: heads of requests, or user name and password. */
  readonly said: readonly string[];
  /** Open connections of clients. */
  readonly open: ReadonlySet<Socket>;
  stop(): Promise<void>;
}

export interface TestProxyOptions {
  /** Answers this instead of making a tunnel: the whole answer, or after which step silence or an end follows. */
  readonly answer?: ((client: Socket) => void) | undefined;
  /** SOCKS: wants these, `user:pass`. */
  readonly credentials?: string | undefined;
  /** SOCKS: the reply code. */
  readonly reply?: number | undefined;
  /** HTTP: certificate of the proxy itself. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** Leads every name but an IP address to loopback, with the port that was asked for. */
function tunnelTo(host: string, port: number): Socket {
  return connect({ port, host: /^[\d.]+$|:/.test(host) ? host : "127.0.0.1" });
}

async function serve(
  options: TestProxyOptions,
  talk: (client: Socket, asked: string[], said: string[]) => void,
): Promise<TestProxy> {
  const [asked, said, open] = [[] as string[], [] as string[], new Set<Socket>()];
  const accept = (client: Socket): void => {
    open.add(client);
    client.on("error", () => {});
    client.on("close", () => open.delete(client));
    talk(client, asked, said);
  };
  const server: Server = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    asked,
    said,
    open,
    async stop() {
      for (const client of open) client.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function join(client: Socket, upstream: Socket, greeting: Buffer): void {
  upstream.on("error", () => client.destroy());
  upstream.on("close", () => client.destroy());
  client.on("close", () => upstream.destroy());
  upstream.once("connect", () => {
    client.write(greeting);
    client.pipe(upstream).pipe(client);
  });
}

export function httpProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  return serve(options, (client, asked, said) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      client.off("data", onData);
      said.push(text);
      const target = /^CONNECT (\S+) HTTP/.exec(text)?.[1] ?? "";
      asked.push(target);
      if (options.answer !== undefined) {
        options.answer(client);
        return;
      }
      const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? [];
      // The server's greeting often comes in the same segment as the head.
      join(
        client,
        tunnelTo(host, Number(port)),
        Buffer.from("HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"),
      );
    };
    client.on("data", onData);
  });
}

export function socksProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  return serve(options, (client, asked, said) => {
    let bytes = Buffer.alloc(0);
    let step: "greeting" | "credentials" | "request" = "greeting";
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (options.answer !== undefined) {
        options.answer(client);
        return;
      }
      for (;;) {
        if (step === "greeting") {
          const length = 2 + (bytes[1] ?? 255);
          if (bytes.length < length) return;
          const wanted = options.credentials === undefined ? 0 : 2;
          const offered = bytes.subarray(2, length).includes(wanted);
          client.write(Buffer.from([5, offered ? wanted : 255]));
          bytes = bytes.subarray(length);
          step = wanted === 0 ? "request" : "credentials";
        } else if (step === "credentials") {
          const user = bytes[1] ?? 255;
          const length = 3 + user + (bytes[2 + user] ?? 255);
          if (bytes.length < length) return;
          const given = `${bytes.subarray(2, 2 + user)}:${bytes.subarray(3 + user, length)}`;
          said.push(given);
          // In two pieces, as a network may.
          client.write(Buffer.from([1]));
          client.write(Buffer.from([given === options.credentials ? 0 : 1]));
          bytes = bytes.subarray(length);
          step = "request";
        } else {
          const kind = bytes[3];
          const begin = kind === 3 ? 5 : 4;
          const length = begin + (kind === 1 ? 4 : kind === 4 ? 16 : (bytes[4] ?? 255)) + 2;
          if (bytes.length < length) return;
          client.off("data", onData);
          const address = bytes.subarray(begin, length - 2);
          const host = kind === 3 ? address.toString() : kind === 1 ? [...address].join(".") : address.toString("hex");
          const port = bytes.readUInt16BE(length - 2);
          asked.push(`${host}:${port}`);
          const bound = Buffer.from([5, options.reply ?? 0, 0, 3, 4, ...Buffer.from("here"), 0, 1]);
          if (options.reply !== undefined) client.end(bound);
          else join(client, tunnelTo(kind === 4 ? "::1" : host, port), bound);
          return;
        }
      }
    };
    client.on("data", onData);
  });
}
