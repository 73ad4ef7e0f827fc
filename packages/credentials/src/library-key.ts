// Signing with `@nats-io/nkeys`: synchronous, and the same in every runtime.

import { fromSeed, type KeyPair } from "@nats-io/nkeys";
import type { SigningKey } from "./signing.js";

/** See ReadSeed. */
export function readLibrarySeed(seed: Uint8Array): SigningKey | undefined {
  let pair: KeyPair;
  try {
    pair = fromSeed(seed);
  } catch {
    return undefined;
  }
  return { publicKey: pair.getPublicKey(), sign: (bytes) => pair.sign(bytes), clear: () => pair.clear() };
}
