// Signing with the Ed25519 of the browser, which has it since 2025 at the latest, on pages of `https://` and of the own machine. Elsewhere
// the library signs, which is loaded only then. Sources: W3C Web Cryptography Level 2, "Ed25519"; RFC 8410 §7 (PKCS #8).

import { decodeSeed, encodePublicKey } from "./nkey-format.js";
import type { SigningKey } from "./signing.js";

// What stands before the 32 bytes of an Ed25519 key in PKCS #8.
const PKCS8 = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/** See ReadSeed. */
export async function readWebSeed(seed: Uint8Array): Promise<SigningKey | undefined> {
  const decoded = decodeSeed(seed);
  if (decoded === undefined) return undefined;
  const { key: raw, prefix } = decoded;
  const der = Uint8Array.of(...PKCS8, ...raw);
  raw.fill(0);
  try {
    const subtle = subtleOf(globalThis);
    // It must be extractable, for that is how its public half is told.
    const key = await subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
    const { x } = await subtle.exportKey("jwk", key);
    return {
      publicKey: encodePublicKey(prefix, bytesOf(x)),
      sign: async (bytes) => new Uint8Array(await subtle.sign("Ed25519", key, bytes)),
      clear: () => void seed.fill(0),
    };
  } catch {
    // Not one that is no seed: that was judged before.
    const { readLibrarySeed } = await import("./library-key.js");
    return readLibrarySeed(seed);
  } finally {
    der.fill(0);
  }
}

// As far as it is used; absent on pages that came over plain http://, then reading it throws.
interface Subtle {
  importKey(
    format: string,
    bytes: Uint8Array,
    algorithm: string,
    extractable: boolean,
    uses: string[],
  ): Promise<object>;
  exportKey(format: string, key: object): Promise<{ readonly x: string }>;
  sign(algorithm: string, key: object, bytes: Uint8Array): Promise<ArrayBuffer>;
}

function subtleOf(scope: object): Subtle {
  return (scope as { readonly crypto: { readonly subtle: Subtle } }).crypto.subtle;
}

function bytesOf(base64url: string): Uint8Array {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}
