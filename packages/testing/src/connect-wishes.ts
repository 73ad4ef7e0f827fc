// CONNECT as a server understands it: what a client left out has the server's default, not the decoder's.

import type { Decoder } from "@myelin/protocol";

/** What a client asked for. */
export interface ConnectWishes {
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly echo: boolean;
  readonly headers: boolean;
  readonly no_responders: boolean;
  readonly protocol: number;
}

/** What holds until CONNECT comes, and for what it leaves out. */
export const BEFORE_CONNECT: ConnectWishes = Object.freeze({
  verbose: true,
  pedantic: true,
  echo: true,
  headers: false,
  no_responders: false,
  protocol: 0,
});

/** The wishes of the CONNECT under the cursor, whose types `decoder.connect()` has checked. */
export function connectWishes(decoder: Decoder): ConnectWishes {
  const sent = JSON.parse(decoder.text()) as Partial<ConnectWishes>;
  const { verbose, pedantic, echo, headers, no_responders, protocol } = { ...BEFORE_CONNECT, ...sent };
  return { verbose, pedantic, echo, headers, no_responders, protocol };
}
