// What answers which servers a service has, and where that is asked: words only. A resolver on DNS is in @myelin/transport-node,
// when it is asked the business of the client.

/**
 * Answers the URLs of a service's servers, as an array or with commas: from SRV records, a registry, a file. May be async, and may
 * write labels for strategies behind a URL (`nats://host#tier=1&weight=2`). The signal aborts when the answer is not wanted any more,
 * after the attempt's `timeout` at the latest; what comes later is dropped.
 *
 * One that throws, rejects, or answers nothing that can be used changes nothing: the servers of the answer before stay.
 */
export interface ServerResolver {
  /** Called each time; see above. */
  (signal: AbortSignal): string | readonly string[] | Promise<string | readonly string[]>;
  /** Its answers stand in the order to dial them in, unless the caller has a strategy. Default `false`: in any order. */
  readonly ordered?: boolean | undefined;
}
