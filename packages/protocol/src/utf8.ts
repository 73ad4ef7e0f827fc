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
  isBuffer(value: unknown): value is NodeBytes;
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
  if (NodeBuffer?.isBuffer(block)) return at + block.write(text, at, block.length - at, "utf8");
  return portableWriteUtf8(block, at, text);
}

// Up to here building the string from its bytes is quicker than a call into the runtime (12 bytes: 83 against 137 ns with a look-up
// in a Map), and avoids TextDecoder, the dearest way, elsewhere. Past it V8 only links the pieces, and whoever uses the text pays for
// the joining: 249 against 153 ns for 16 bytes.
const SHORT = 12;

/** The text of the bytes [start, end); malformed UTF-8 becomes U+FFFD, a byte order mark stays. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) {
    const text = readShortAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  if (NodeBuffer?.isBuffer(bytes)) return bytes.toString("utf8", start, end);
  return portableReadUtf8(bytes, start, end);
}

export function portableReadUtf8(bytes: Uint8Array, start: number, end: number): string {
  return utf8Decoder.decode(bytes.subarray(start, end));
}

/** Plainly: one `String.fromCharCode` for each byte. Eight or four at a time make fewer strings in between. */
function readShortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let i = start;
  for (; i + 7 < end; i += 8) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    const d = bytes[i + 3] ?? 0;
    const e = bytes[i + 4] ?? 0;
    const f = bytes[i + 5] ?? 0;
    const g = bytes[i + 6] ?? 0;
    const h = bytes[i + 7] ?? 0;
    if ((a | b | c | d | e | f | g | h) > 127) return undefined;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  for (; i + 3 < end; i += 4) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    const d = bytes[i + 3] ?? 0;
    if ((a | b | c | d) > 127) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
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
