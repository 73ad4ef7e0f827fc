// The servers the documents speak of, and the files their programs read: real ones, with certificates, keys and users made for this
// run. What a document calls nats.example.com is one of them; nothing leaves this machine.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestAuthority, RealServer } from "@myelin/testing";
import { nkeys } from "myelin";
import { createTestOperator } from "../../../packages/myelin/test/operator.js";

const PASSWORD = "made-for-this-run";

export interface DocumentServers {
  /** The text of a program with the names of servers and files it finds here. */
  here(code: string): string;
  /** For the process that runs it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** @param folder for what programs read below `/run` */
export async function startDocumentServers(folder: string): Promise<DocumentServers> {
  const authority = await createTestAuthority();
  const certificate = await authority.issue({ commonName: "localhost", dnsNames: ["localhost"] });
  const client = await authority.issue({ commonName: "app", client: true });
  const operator = createTestOperator();
  const nkey = nkeys.createUser();
  const files = {
    "tls/ca.pem": authority.caPem,
    "tls/server.crt": certificate.certPem,
    "tls/server.key": certificate.keyPem,
    "tls/tls.crt": client.certPem,
    "tls/tls.key": client.keyPem,
    "nats/app.creds": operator.user().creds,
    "nats/app.nk": new TextDecoder().decode(nkey.getSeed()),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, "run", name, ".."), { recursive: true });
    writeFileSync(join(folder, "run", name), text);
  }
  const file = (name: keyof typeof files): string => JSON.stringify(join(folder, "run", name));
  const tls = `cert_file: ${file("tls/server.crt")}, key_file: ${file("tls/server.key")}, ca_file: ${file("tls/ca.pem")}`;
  const users = [
    `{ user: app, password: ${PASSWORD} }`,
    `{ user: guest, password: ${PASSWORD}, permissions: { publish: { deny: "admin.>" } } }`,
    `{ nkey: ${nkey.getPublicKey()} }`,
  ];
  const configs = {
    "127.0.0.1": "",
    "nats.example.com": `tls { ${tls} }`,
    "mtls.example.com": `tls { ${tls}, verify: true }`,
    "auth.example.com": `authorization { users: [ ${users.join(", ")} ] }`,
    "jwt.example.com": operator.config,
  };
  const servers = new Map<string, RealServer>();
  for (const [host, config] of Object.entries(configs)) servers.set(host, await RealServer.start({ config }));
  const portOf = (host: string): string => String(servers.get(host)?.port);
  return {
    here: (code) =>
      code
        .replaceAll(/\b([a-z]+\.example\.com):4222\b/g, (_, host: string) => `localhost:${portOf(host)}`)
        .replaceAll('"/run/', `"${folder}/run/`)
        .replaceAll(/\b(4222|122[234])\b/g, portOf("127.0.0.1")),
    environment: { NATS_PASSWORD: PASSWORD },
    async stop() {
      await Promise.all([...servers.values()].map((server) => server.stop()));
    },
  };
}
