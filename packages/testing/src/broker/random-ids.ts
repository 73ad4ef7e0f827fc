// Ids a server makes up, from seeded chance: never to be used for anything that must not be guessed.

import type { Random } from "@myelin/contracts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const NONCE_BYTES = 11;

/** Like the public key of a server: `N` and 55 characters. */
export function serverIdOf(random: Random): string {
  let id = "N";
  while (id.length < 56) id += BASE32.charAt(Math.floor(random() * BASE32.length));
  return id;
}

/** What a client is to sign. */
export function nonceOf(random: Random): string {
  return Buffer.from(Array.from({ length: NONCE_BYTES }, () => Math.floor(random() * 256))).toString("base64url");
}
