// How the bytes of a message are shown: as JSON, as text, or as hex. Pure; never throws.

import type { Format } from "./settings.js";

/** Bytes of one message that are kept and shown. */
export const SHOWN_BYTES: number = 64 * 1024;

const HEX_LINE = 16;
const HEX_LINES = 256;

export interface Shown {
  readonly as: "json" | "text" | "hex" | "empty";
  /** For one line of a list. */
  readonly line: string;
  /** All of it, with line breaks. */
  readonly full: string;
}

/** @param size bytes of the whole message, of which `bytes` may be the beginning */
export function shown(bytes: Uint8Array, format: Format, size: number = bytes.length): Shown {
  if (size === 0) return { as: "empty", line: "no payload", full: "" };
  const cut = size > bytes.length;
  const more = cut ? `\n… ${size - bytes.length} more bytes` : "";
  const text = format === "hex" ? undefined : textOf(bytes, format !== "auto" || cut);
  if (text === undefined) return { as: "hex", line: hexLine(bytes.subarray(0, 48)), full: hexDump(bytes) + more };
  // What is cut off is JSON no longer.
  const value = format === "text" || cut ? undefined : jsonOf(text);
  if (value === undefined) return { as: "text", line: oneLine(text), full: text + more };
  return { as: "json", line: oneLine(JSON.stringify(value)), full: JSON.stringify(value, undefined, 2) };
}

/** For a list: `12 B`, `1.5 KiB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const [value, unit] = bytes < 1_048_576 ? [bytes / 1_024, "KiB"] : [bytes / 1_048_576, "MiB"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

// `undefined` when it is no text, unless somebody wants to see it as one.
function textOf(bytes: Uint8Array, lenient: boolean): string | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: !lenient, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells binary data from text
  return !lenient && /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? undefined : text;
}

// Only what is worth a layout: a number or a word alone is text.
function jsonOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.slice(0, 400).replace(/\s+/g, " ").trim();
}

function hexLine(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && lines.length < HEX_LINES; at += HEX_LINE) {
    const part = bytes.subarray(at, at + HEX_LINE);
    const ascii = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hexLine(part).padEnd(3 * HEX_LINE - 1)}  ${ascii}`);
  }
  if (bytes.length > HEX_LINE * HEX_LINES) lines.push("…");
  return lines.join("\n");
}
