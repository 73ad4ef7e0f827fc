// Text to bytes and back, with the runtime's quickest documented means. No protocol knowledge lives here.
// Node's Buffer is used where it exists and never required: the portable functions give the same results (property test).

/** The parts of Node's Buffer that are used here; typed by hand so that no declaration depends on Node's types. */
interface NodeBytes extends Uint8Array {
  write(text: string, offset: number, length: number, encoding: "utf8" | "latin1"): number;
  toString(encoding?: "utf8" | "latin1", start?: number, end?: number): string;
}
interface NodeBufferConstructor {
  allocUnsafeSlow(size: number): NodeBytes;
  byteLength(text: string, encoding: "utf8"): number;
  from(buffer: ArrayBufferLike, offset: number, length: number): NodeBytes;
}

const NodeBuffer: NodeBufferConstructor | undefined = (globalThis as { Buffer?: NodeBufferConstructor }).Buffer;

const utf8Encoder = new TextEncoder();
// A byte order mark is data like any other: what was sent is what is read.
const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** `size` bytes of undefined content, never from a shared pool, so that handing them out pins nothing else. */
export const allocate: (size: number) => Uint8Array =
  NodeBuffer === undefined ? (size) => new Uint8Array(size) : (size) => NodeBuffer.allocUnsafeSlow(size);

/** Bytes `text` takes in UTF-8; a lone surrogate counts as U+FFFD, as the platform's encoder writes it. */
export const utf8Length: (text: string) => number =
  NodeBuffer === undefined ? portableUtf8Length : (text) => NodeBuffer.byteLength(text, "utf8");

/** Writes `text` as UTF-8 at `at`; the caller has made room. Returns the position after it. */
export const writeUtf8: (block: Uint8Array, at: number, text: string) => number =
  NodeBuffer === undefined ? portableWriteUtf8 : nodeWriteUtf8;

export function portableUtf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
    } else {
      bytes += 2;
      // A surrogate pair: two units, four bytes.
      if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
    }
  }
  return bytes;
}

export function portableWriteUtf8(block: Uint8Array, at: number, text: string): number {
  return at + utf8Encoder.encodeInto(text, block.subarray(at)).written;
}

function nodeWriteUtf8(block: Uint8Array, at: number, text: string): number {
  if ("write" in block) return at + (block as NodeBytes).write(text, at, block.length - at, "utf8");
  return portableWriteUtf8(block, at, text);
}

// Below this a loop over the bytes beats a call into the runtime (bench/text.ts).
const SHORT = 24;

/** The text of the bytes [start, end); malformed UTF-8 becomes U+FFFD. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) {
    let text = "";
    let i = start;
    for (; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte > 127) break;
      text += String.fromCharCode(byte);
    }
    if (i === end) return text;
  }
  if (NodeBuffer !== undefined) {
    const view = "utf8Slice" in bytes ? bytes : NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return (view as NodeBytes).toString("utf8", start, end);
  }
  return utf8Decoder.decode(bytes.subarray(start, end));
}

/** True when the text holds no lone surrogate, so that UTF-8 carries it unchanged. */
export function isWellFormed(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xf800) !== 0xd800) continue;
    if (unit >= 0xdc00 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) return false;
    i++;
  }
  return true;
}
