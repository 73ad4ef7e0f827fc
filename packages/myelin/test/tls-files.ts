// A server reads its certificate from files, and a client may; these live in a private folder for as long as the test.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestAuthority, TestCertificate } from "@myelin/testing";

export interface TlsFiles {
  /** The `tls` block of a server's configuration. */
  readonly config: string;
  /** The same for a client's `tls` option. */
  readonly options: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  /** Overwrites what is given and leaves the rest. */
  write(files: { readonly ca?: string; readonly cert?: string; readonly key?: string }): Promise<void>;
  remove(): Promise<void>;
}

/** @param more further fields of the block, such as `, verify: true` */
export async function tlsFiles(authority: TestAuthority, own: TestCertificate, more = ""): Promise<TlsFiles> {
  const folder = await mkdtemp(join(tmpdir(), "myelin-tls-"));
  const path = (name: string): string => join(folder, `${name}.pem`);
  const quoted = (name: string): string => JSON.stringify(path(name));
  const files: TlsFiles = {
    config: `tls { cert_file: ${quoted("cert")}, key_file: ${quoted("key")}, ca_file: ${quoted("ca")} ${more} }`,
    options: { caFile: path("ca"), certFile: path("cert"), keyFile: path("key") },
    async write(contents) {
      for (const [name, text] of Object.entries(contents)) await writeFile(path(name), text, { mode: 0o600 });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await files.write({ ca: authority.caPem, cert: own.certPem, key: own.keyPem });
  return files;
}
