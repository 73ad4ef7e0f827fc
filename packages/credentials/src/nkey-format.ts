// How an nkey is written: base32 of a prefix that tells what it is for, the key, and a checksum. Reads seeds and writes public keys; signs
// nothing. Source: the nkeys document of NATS ("NKEYS", Encoding).

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SEED = 18 << 3; // S
const KEY_LENGTH = 32;
// Operator, server, cluster, account, user. Not X: a curve key signs nothing.
const SIGNING_PREFIXES: readonly number[] = [..."ONCAU"].map((letter) => ALPHABET.indexOf(letter) << 3);

/** The key in a seed's ASCII bytes, and the prefix of its public half; `undefined` when they are no seed of a key that signs. */
export function decodeSeed(seed: Uint8Array): { readonly key: Uint8Array; readonly prefix: number } | undefined {
  const bytes = decodeBase32(seed);
  if (bytes?.length !== 2 + KEY_LENGTH + 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const end = bytes.length - 2;
  const checksum = (bytes[end] ?? 0) | ((bytes[end + 1] ?? 0) << 8);
  const prefix = ((first & 7) << 5) | (second >> 3);
  const right =
    (first & 248) === SEED && SIGNING_PREFIXES.includes(prefix) && checksum === checksumOf(bytes.subarray(0, end));
  return right ? { key: bytes.subarray(2, end), prefix } : undefined;
}

/** A public key, such as `U…`. */
export function encodePublicKey(prefix: number, key: Uint8Array): string {
  const body = [prefix, ...key];
  const checksum = checksumOf(body);
  return encodeBase32([...body, checksum & 255, checksum >> 8]);
}

// RFC 4648 §6, without padding.
function decodeBase32(text: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [held, bits, at] = [0, 0, 0];
  for (const unit of text) {
    const value = ALPHABET.indexOf(String.fromCharCode(unit));
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
  }
  return bytes;
}

function encodeBase32(bytes: readonly number[]): string {
  let text = "";
  let [held, bits] = [0, 0];
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}

// CRC-16/XMODEM.
function checksumOf(bytes: Iterable<number>): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}
