// A server reads its certificate from files; these live in a private folder for as long as the test.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestAuthority, TestCertificate } from "@myelin/testing";

export interface TlsFiles {
  /** The `tls` block of a server's configuration. */
  readonly config: string;
  remove(): Promise<void>;
}

/** @param more further fields of the block, such as `verify: true` */
export async function tlsFiles(authority: TestAuthority, own: TestCertificate, more = ""): Promise<TlsFiles> {
  const folder = await mkdtemp(join(tmpdir(), "myelin-tls-"));
  const path = (name: string): string => join(folder, name);
  await writeFile(path("ca.pem"), authority.caPem);
  await writeFile(path("cert.pem"), own.certPem);
  await writeFile(path("key.pem"), own.keyPem, { mode: 0o600 });
  const quoted = (name: string): string => JSON.stringify(path(name));
  return {
    config: `tls { cert_file: ${quoted("cert.pem")}, key_file: ${quoted("key.pem")}, ca_file: ${quoted("ca.pem")} ${more} }`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
