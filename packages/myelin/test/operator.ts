// An operator, an account and its users, made for one test: keys and JWTs, and the server configuration that trusts them.

import { createHash } from "node:crypto";
import { nkeys } from "myelin";

type Pair = ReturnType<typeof nkeys.createUser>;

export interface TestOperator {
  /** For `RealServer.start({ config })`. */
  readonly config: string;
  /** A new user: its JWT, its seed, and both as `.creds`. Valid for `seconds` if given. */
  user(options?: { readonly seconds?: number; readonly bearer?: boolean }): TestUser;
}

export interface TestUser {
  readonly jwt: string;
  readonly seed: string;
  readonly creds: string;
}

/** @param connections how many its account may have; -1 = any number */
export function createTestOperator(connections = -1): TestOperator {
  const [operator, account] = [nkeys.createOperator(), nkeys.createAccount()];
  const accountJwt = signed(operator, account, "account", {
    limits: { subs: -1, data: -1, payload: -1, conn: connections, leaf: -1, imports: -1, exports: -1, wildcards: true },
  });
  return {
    config: [
      `operator: ${signed(operator, operator, "operator", {})}`,
      "resolver: MEMORY",
      `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
    ].join("\n"),
    user({ bearer = false, seconds } = {}) {
      const user = nkeys.createUser();
      const expires = seconds === undefined ? {} : { exp: Math.floor(Date.now() / 1000) + seconds };
      const jwt = signed(account, user, "user", { subs: -1, data: -1, payload: -1, bearer_token: bearer }, expires);
      const seed = new TextDecoder().decode(user.getSeed());
      return { jwt, seed, creds: credsOf(jwt, seed) };
    },
  };
}

function signed(issuer: Pair, subject: Pair, type: string, nats: object, more: object = {}): string {
  const claims = {
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: type,
    sub: subject.getPublicKey(),
    ...more,
    nats: { ...nats, type, version: 2 },
  };
  const jti = createHash("sha256").update(JSON.stringify(claims)).digest("hex");
  const body = [
    { typ: "JWT", alg: "ed25519-nkey" },
    { jti, ...claims },
  ]
    .map(encoded)
    .join(".");
  return `${body}.${Buffer.from(issuer.sign(new TextEncoder().encode(body))).toString("base64url")}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function credsOf(jwt: string, seed: string): string {
  return [
    "-----BEGIN NATS USER JWT-----",
    jwt,
    "------END NATS USER JWT------",
    "",
    "-----BEGIN USER NKEY SEED-----",
    seed,
    "------END USER NKEY SEED------",
    "",
  ].join("\n");
}
