// Which package mirrors this machine's apt configuration names. Reads files only; fetches nothing.
// Source: sources.list(5), both the one-line format and deb822.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A mirror of a Debian-like archive: `<uri>/dists/<suite>/…`. */
export interface AptMirror {
  /** Without a trailing slash. */
  readonly uri: string;
  /** Keyring file that signs it, when the configuration names one. */
  readonly keyring: string | undefined;
}

/**
 * Mirrors of main archives in the apt configuration, in the order apt reads it and without duplicates. Security archives
 * are left out: they hold no full suites.
 */
export function readAptMirrors(directory = "/etc/apt"): AptMirror[] {
  const mirrors = new Map<string, AptMirror>();
  for (const file of sourceFiles(directory)) {
    const text = readText(file);
    for (const entry of file.endsWith(".sources") ? parseDeb822(text) : parseOneLine(text)) {
      if (!mirrors.has(entry.uri) && !/security/.test(entry.uri)) mirrors.set(entry.uri, entry);
    }
  }
  return [...mirrors.values()];
}

/** Parses `deb [options] uri suite component…` lines. */
export function parseOneLine(text: string): AptMirror[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)(.*)$/.exec(line.replace(/#.*/, ""));
    if (match === null) return [];
    const [, options = "", uri = "", suite = "", components = ""] = match;
    const keyring = /signed-by=(\/\S+)/.exec(options)?.[1];
    return mirrorsOf([uri], [suite], components.trim().split(/\s+/), keyring);
  });
}

/** Parses deb822 stanzas (`Types:`, `URIs:`, `Suites:` …). */
export function parseDeb822(text: string): AptMirror[] {
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const match of stanza.matchAll(/^([A-Za-z-]+):(.*(?:\n[ \t].*)*)/gm)) {
      fields.set((match[1] ?? "").toLowerCase(), (match[2] ?? "").trim());
    }
    const words = (name: string): string[] => (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
    if (!words("types").includes("deb") || /^(no|false|0|off)$/i.test(fields.get("enabled") ?? "yes")) return [];
    const signedBy = fields.get("signed-by");
    const keyring = signedBy?.startsWith("/") ? signedBy.split(/\s+/)[0] : undefined;
    return mirrorsOf(words("uris"), words("suites"), words("components"), keyring);
  });
}

function mirrorsOf(uris: string[], suites: string[], components: string[], keyring: string | undefined): AptMirror[] {
  if (!components.includes("main") || suites.every((suite) => suite.endsWith("/"))) return [];
  return uris.filter((uri) => /^https?:/.test(uri)).map((uri) => ({ uri: uri.replace(/\/+$/, ""), keyring }));
}

function sourceFiles(directory: string): string[] {
  const parts = join(directory, "sources.list.d");
  let names: string[] = [];
  try {
    names = readdirSync(parts).sort();
  } catch {
    // A machine without apt has no such directory: then there are no mirrors.
  }
  return [
    join(directory, "sources.list"),
    ...names.filter((n) => /\.(list|sources)$/.test(n)).map((n) => join(parts, n)),
  ];
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
