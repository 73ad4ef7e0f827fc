// Text to bytes and back, the same in every runtime. Malformed bytes become U+FFFD.

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes of a text. */
export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of bytes; a byte order mark stays in it. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
