// The other end of every run: nothing, a source, a sink, or a real server with a publisher behind it. Started when a line first
// needs it, and ended together.

import { createTestAuthority, RealServer } from "@myelin/testing";
import type { Door } from "./endpoints/open.js";
import type { Link, Target, Work } from "./job.js";
import { type EndpointProcess, startEndpoint } from "./processes.js";
import type { Programs } from "./programs.js";

export type EndKind = "none" | "source" | "sink" | "server";

/** What a line wants at its other end. */
export function endOf(work: Work, contestant: string): EndKind {
  if (contestant.endsWith("-codec")) return "none";
  if (work.kind === "receive" && work.through !== true) return "source";
  if (work.kind === "publish" && work.through !== true) return "sink";
  return "server";
}

/** A started end. */
interface OtherEnd {
  readonly target: Target;
  /** Bytes received since the last call; only a sink counts. */
  received(): Promise<number>;
}

/** A slow subscriber is waited for, and not cut off: a client in an interpreter is no slower for it. */
const PATIENT = 'max_pending: 4GB\nwrite_deadline: "60s"\n';

export class OtherEnds {
  readonly #programs: Programs;
  readonly #ends = new Map<string, OtherEnd>();
  readonly #stops: (() => Promise<void>)[] = [];
  /** The server's version once one was started. */
  serverVersion: string | undefined;

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  async get(kind: EndKind, link: Link): Promise<OtherEnd> {
    const key = `${kind} ${link}`;
    const known = this.#ends.get(key);
    if (known !== undefined) return known;
    const end = await this.#open(kind, link);
    this.#ends.set(key, end);
    return end;
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
  }

  async #open(kind: EndKind, link: Link): Promise<OtherEnd> {
    if (kind === "none") return { target: { port: 0, link }, received: async () => 0 };
    if (kind === "server") return this.#server(link);
    const { door, ca } = await doorOf(link);
    const endpoint = await this.#endpoint({ kind, door });
    return { target: { port: endpoint.port, link, ca }, received: () => endpoint.received() };
  }

  async #server(link: Link): Promise<OtherEnd> {
    if (link !== "tcp") throw new Error("a real server is met over TCP");
    const server = await RealServer.start({ config: PATIENT });
    this.#stops.push(() => server.stop());
    this.serverVersion = server.binary.version;
    await this.#endpoint({ kind: "feeder", port: server.port });
    return { target: { port: server.port, link }, received: async () => 0 };
  }

  async #endpoint(order: Parameters<typeof startEndpoint>[1]): Promise<EndpointProcess> {
    const endpoint = await startEndpoint(this.#programs, order);
    this.#stops.push(() => endpoint.stop());
    return endpoint;
  }
}

async function doorOf(link: Link): Promise<{ door: Door; ca?: string }> {
  if (link !== "tls") return { door: { link } };
  const authority = await createTestAuthority();
  const { certPem, keyPem } = await authority.issue({ commonName: "bench", ipAddresses: ["127.0.0.1"] });
  return { door: { link, cert: certPem, key: keyPem }, ca: authority.caPem };
}
