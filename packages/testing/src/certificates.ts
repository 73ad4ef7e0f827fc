// A certificate authority made at test time, so that no key ever lives in a repository and no openssl program is needed.
// For tests only: the authority's key is born and dies with the process. Source: RFC 5280.

import { webcrypto } from "node:crypto";
import type { X509Certificate } from "@peculiar/x509";

/** What one certificate is for. Without names or addresses it verifies for nothing (a client certificate needs none). */
export interface TestCertificateRequest {
  /** Subject common name; what `verify_and_map` users are often called after. */
  readonly commonName: string;
  /** Names it is valid for. */
  readonly dnsNames?: readonly string[] | undefined;
  /** Addresses it is valid for. */
  readonly ipAddresses?: readonly string[] | undefined;
  /** E-mail names; `verify_and_map` looks at these first. */
  readonly emails?: readonly string[] | undefined;
  /** For client authentication instead of a server's. Default `false`. */
  readonly client?: boolean | undefined;
  /** When it ends, cut to a whole second. Default: in 2049. */
  readonly notAfter?: Date | undefined;
  /** Valid through 2020 only. Default `false`. */
  readonly expired?: boolean | undefined;
}

/** A certificate and its key. */
export interface TestCertificate {
  /** The certificate, PEM. */
  readonly certPem: string;
  /** Its private key, PKCS #8 PEM, unencrypted. */
  readonly keyPem: string;
}

/** Whoever trusts `caPem` trusts what it issues. */
export interface TestAuthority {
  /** The authority's own certificate, PEM: what the other side trusts. */
  readonly caPem: string;
  /** Makes a certificate and a new key for it. */
  issue(request: TestCertificateRequest): Promise<TestCertificate>;
}

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;
// Fixed, so that nothing here reads a clock.
const NOT_BEFORE = new Date("2020-01-01T00:00:00Z");
const NOT_AFTER = new Date("2049-12-31T00:00:00Z");
const EXPIRED = new Date("2021-01-01T00:00:00Z");

/** Makes a new authority that nothing else trusts; a few ms, plus loading the certificate library the first time. */
export async function createTestAuthority(commonName = "Myelin test authority"): Promise<TestAuthority> {
  // Loaded on demand: most users of this package never need it.
  const x509 = await import("@peculiar/x509");
  const authorityKeys = await newKeys();
  const authority: X509Certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerial(),
      name: [{ CN: [commonName] }],
      notBefore: NOT_BEFORE,
      notAfter: NOT_AFTER,
      keys: authorityKeys,
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
      ],
    },
    webcrypto,
  );

  return {
    caPem: authority.toString("pem"),
    async issue(request: TestCertificateRequest): Promise<TestCertificate> {
      const keys = await newKeys();
      const usage = request.client ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
      const names = [
        ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
        ...(request.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
        ...(request.emails ?? []).map((value) => ({ type: "email" as const, value })),
      ];
      const certificate = await x509.X509CertificateGenerator.create(
        {
          serialNumber: newSerial(),
          subject: [{ CN: [request.commonName] }],
          issuer: authority.subject,
          notBefore: NOT_BEFORE,
          notAfter: request.expired ? EXPIRED : (request.notAfter ?? NOT_AFTER),
          publicKey: keys.publicKey,
          signingKey: authorityKeys.privateKey,
          signingAlgorithm: SIGNING_ALGORITHM,
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.ExtendedKeyUsageExtension([usage]),
            await x509.AuthorityKeyIdentifierExtension.create(authority),
            ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
          ],
        },
        webcrypto,
      );
      const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
      return { certPem: certificate.toString("pem"), keyPem: x509.PemConverter.encode(key, "PRIVATE KEY") };
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

// Positive and without a leading zero byte, as DER wants it.
function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(8));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}
