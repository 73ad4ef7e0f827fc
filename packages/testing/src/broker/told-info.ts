// The bytes of INFO. What all clients of a node are told is put together once, for as long as it stays the same: when the cluster changes
// everybody is told, and a node may have thousands of clients. What a node says is broker-node.ts.

import type { ServerInfo } from "@myelin/protocol";

/** What is said to one client. */
export type OwnInfo = Pick<ServerInfo, "client_id" | "nonce" | "connect_info" | "remote_account">;

const utf8 = new TextEncoder();

export class ToldInfo {
  #shared: Partial<ServerInfo> | undefined;
  // Its JSON without the closing brace.
  #begin = "";

  /** The INFO for one client; what all are told goes over what is its own. `shared`: another object whenever it says something else. */
  bytes(shared: Partial<ServerInfo>, own: OwnInfo): Uint8Array {
    if (shared !== this.#shared) {
      this.#shared = shared;
      this.#begin = JSON.stringify(shared).slice(0, -1);
    }
    let text = this.#begin;
    for (const [field, value] of Object.entries(own)) {
      if (!Object.hasOwn(shared, field)) text += `,"${field}":${JSON.stringify(value)}`;
    }
    return utf8.encode(`INFO ${text}}\r\n`);
  }
}
