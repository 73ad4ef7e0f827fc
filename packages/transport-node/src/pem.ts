// Whether PEM can be used for TLS, before a server is bothered with it: authorities for themselves, a certificate with its key.
// Reads no file and knows no target. Node alone would not notice: it takes a CA without any certificate in it, an empty key,
// and a key of another kind than the certificate's. Sources: RFC 7468, node:tls, node:crypto.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

/** A client certificate and its key. Private fields, so that no inspection shows them. */
export class Identity {
  readonly #cert: string;
  readonly #key: string;
  readonly #passphrase: string | undefined;

  constructor(cert: string, key: string, passphrase: string | undefined) {
    this.#cert = cert;
    this.#key = key;
    this.#passphrase = passphrase;
  }

  /** In the words of `tls.createSecureContext`. */
  get options(): { readonly cert: string; readonly key: string; readonly passphrase?: string } {
    const { cert, key, passphrase } = { cert: this.#cert, key: this.#key, passphrase: this.#passphrase };
    return passphrase === undefined ? { cert, key } : { cert, key, passphrase };
  }

  /**
   * When the first certificate of the chain ends, in ms since the Unix epoch; `undefined` where the runtime cannot tell. One that had ended before our own began does not count: it
   * is a leftover nobody verifies by. Throws when the chain cannot be read.
   */
  get expiresAt(): number | undefined {
    const chain = certificatesIn(this.#cert, "cert");
    const begin = Date.parse(chain[0]?.validFrom ?? "");
    const ends = chain.map(({ validTo }) => Date.parse(validTo)).filter((end) => end > begin);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  equals(other: Identity | undefined): boolean {
    return (
      other !== undefined &&
      #cert in other &&
      this.#cert === other.#cert &&
      this.#key === other.#key &&
      this.#passphrase === other.#passphrase
    );
  }
}

/** Where in an identity the fault is. */
export type FaultyPart = "cert" | "key" | "both";

/** What is wrong with PEM, without any of it. */
export class PemFault extends Error {
  constructor(
    /** Undefined for authorities. */
    readonly part: FaultyPart | undefined,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(problem, options);
  }
}

const CERTIFICATE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[\s\S]*?-----END \1-----/g;
const CERTIFICATE_BEGIN = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----[\s\S]*?-----END \1-----/;

/** @throws PemFault unless every certificate that begins in the text also ends and can be read, and there is one */
export function checkAuthorities(pem: string): void {
  certificatesIn(pem, undefined);
}

/** @throws PemFault unless certificate and key can be read, belong together, and OpenSSL would use them */
export function checkIdentity(identity: Identity): void {
  const { cert, key, passphrase } = identity.options;
  const [own] = certificatesIn(cert, "cert");
  const privateKey = privateKeyIn(key, passphrase);
  if (own?.checkPrivateKey(privateKey) !== true) throw new PemFault("both", "do not belong together");
  try {
    // An empty list, or Node would load its own authorities for nothing.
    createSecureContext({ ca: [], ...identity.options });
  } catch (cause) {
    throw new PemFault("both", "cannot be used", { cause });
  }
}

// A path in place of what is in the file.
function hintOf(pem: string, option: string): string {
  return /^[^\r\n]{0,1023}[./\\][^\r\n]{0,1023}$/.test(pem) ? `; the path of a file is given as tls.${option}` : "";
}

function certificatesIn(pem: string, part: FaultyPart | undefined): readonly X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? [];
  const begun = pem.match(CERTIFICATE_BEGIN)?.length ?? 0;
  if (begun === 0)
    throw new PemFault(part, `holds no certificate${hintOf(pem, part === "cert" ? "certFile" : "caFile")}`);
  if (begun !== blocks.length) throw new PemFault(part, "ends within a certificate");
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new PemFault(part, "holds a certificate that cannot be read", { cause });
  }
}

function privateKeyIn(pem: string, passphrase: string | undefined): KeyObject {
  const block = PRIVATE_KEY.exec(pem)?.[0];
  if (block === undefined) throw new PemFault("key", `holds no complete private key${hintOf(pem, "keyFile")}`);
  const encrypted = /ENCRYPTED/.test(block);
  try {
    return createPrivateKey({ key: block, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    const hint = encrypted ? ", or tls.passphrase is not its passphrase" : "";
    throw new PemFault("key", `holds a private key that cannot be read${hint}`, { cause });
  }
}
