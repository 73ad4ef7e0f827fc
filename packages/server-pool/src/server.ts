// What the pool believes about one server, as a frozen value for strategies, events and snapshots. No behaviour.

import type { ServerUrl } from "./server-url.js";

/** One server at one moment; frozen. Times are milliseconds on the caller's clock. */
export interface ServerView {
  /** Stable for as long as the pool holds this server; never used again for another one. */
  readonly id: number;
  /** Its address; credentials are in none of its visible parts. */
  readonly url: ServerUrl;
  /** `seed` = configured by the caller, `gossip` = advertised by another server. */
  readonly origin: "seed" | "gossip";
  /** `href` of the server that advertised it. */
  readonly learnedFrom: string | undefined;
  /** What the URL's fragment says, for strategies: `nats://host#zone=eu` has `{ zone: "eu" }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Name to verify a TLS certificate against: the own host; for an advertised IP address that of the server that taught it. */
  readonly serverName: string;
  /** `dialing` and `connected` as last reported. */
  readonly state: "idle" | "dialing" | "connected";
  /** Whether a dial of it ever succeeded. */
  readonly everConnected: boolean;
  /** Failed dials since the last success; 0 again with every success. */
  readonly consecutiveFailures: number;
  /** Kept after a success, for the record. */
  readonly lastFailure: ServerFailure | undefined;
  /** When the last dial began; `undefined` = never. */
  readonly lastDialAt: number | undefined;
  /** When the last dial succeeded; `undefined` = never. */
  readonly lastConnectedAt: number | undefined;
  /** Round-trip time in milliseconds as last reported, smoothed over four reports; `undefined` = never measured. */
  readonly rtt: number | undefined;
  /** The server's own id (INFO `server_id`) when it was last connected to; a new one after every restart. */
  readonly serverId: string | undefined;
  /** Whether the last list of advertised servers named it; `undefined` until one has. */
  readonly listed: boolean | undefined;
  /** Not dialled before, for its own wait or for that of the whole pool; `-Infinity` = may be dialled at any time. */
  readonly eligibleAt: number;
  /** Why the last decision chose this server or did not: a sentence for people, without secrets. */
  readonly reason: string;
  /** It announced its leaving and has not been seen fresh since. */
  readonly lameDuck: boolean;
}

/** How a dial or an established connection ended. */
export interface ServerFailure {
  /** `refused-by-server` = it answered and sent us away; `lost` = an established connection ended. */
  readonly kind: "network" | "timeout" | "tls" | "auth" | "protocol" | "refused-by-server" | "lost";
  /** What the caller reported. */
  readonly error: Error;
  /** When, on the caller's clock. */
  readonly at: number;
}
