// A name server of a few lines on loopback that knows SRV records only. Source: RFC 1035 §4 (messages), RFC 2782 (SRV).

import { createSocket } from "node:dgram";
import type { SrvRecord } from "node:dns";
import type { AddressInfo } from "node:net";

const [SRV, IN, NAME_ERROR] = [33, 1, 3] as const;

export interface SrvServer {
  /** `127.0.0.1:port`, for `Resolver#setServers`. */
  readonly address: string;
  /** Names asked for, in order. */
  readonly asked: readonly string[];
  /** By lower-case name; a name that is not in here does not exist. */
  readonly records: Map<string, readonly SrvRecord[]>;
  /** Questions are heard and not answered. */
  silent: boolean;
  stop(): Promise<void>;
}

export async function openSrvServer(): Promise<SrvServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  const server = {
    address: "",
    asked,
    records: new Map<string, readonly SrvRecord[]>(),
    silent: false,
    stop: () => new Promise<void>((resolve) => void socket.close(() => resolve())),
  };
  socket.on("message", (query, from) => {
    const { name, end } = questionOf(query);
    asked.push(name);
    if (!server.silent)
      socket.send(answerTo(query, end, server.records.get(name.toLowerCase())), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address() as AddressInfo;
  server.address = `127.0.0.1:${port}`;
  return server;
}

function questionOf(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 5 };
}

function answerTo(query: Buffer, end: number, records: readonly SrvRecord[] | undefined): Buffer {
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8580 | (records === undefined ? NAME_ERROR : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records?.length ?? 0, 6);
  return Buffer.concat([header, query.subarray(12, end), ...(records ?? []).map(recordOf)]);
}

function recordOf({ name, port, priority, weight }: SrvRecord): Buffer {
  const target = Buffer.concat([
    ...name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")])),
    Buffer.from([0]),
  ]);
  const fixed = Buffer.alloc(18);
  fixed.writeUInt16BE(0xc00c, 0); // the name of the question
  fixed.writeUInt16BE(SRV, 2);
  fixed.writeUInt16BE(IN, 4);
  fixed.writeUInt16BE(6 + target.length, 10);
  fixed.writeUInt16BE(priority, 12);
  fixed.writeUInt16BE(weight, 14);
  fixed.writeUInt16BE(port, 16);
  return Buffer.concat([fixed, target]);
}
