// Every kind of credentials against real servers, and what is sent of them.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RealServer } from "@myelin/testing";
import {
  type Authenticator,
  AuthorizationError,
  CallbackError,
  ConnectError,
  ConnectionLimitError,
  type ConnectionOptions,
  credsAuthenticator,
  credsFileAuthenticator,
  InvalidArgumentError,
  jwtAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  UserAuthenticationExpiredError,
  usernamePasswordAuthenticator,
} from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { Witness } from "./canaries.js";
import { everyChannel, next, record, rejectionOf, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { fake, open } from "./opened.js";
import { createTestOperator } from "./operator.js";

const BOUND = 30_000;

describe("on real servers", () => {
  forEachServer((binary) => {
    async function serve(config: string): Promise<RealServer> {
      const server = await RealServer.start({ binary, config });
      onTestFinished(() => server.stop());
      return server;
    }

    async function works(server: RealServer, options: ConnectionOptions): Promise<void> {
      const nc = await open({ servers: server.url, ...options });
      nc.subscribe("a", { callback: (_, msg) => void msg.respond(msg.data) });
      expect((await nc.request("a", "ping")).string()).toBe("ping");
      await nc.close();
    }

    const refused = (server: RealServer, options: ConnectionOptions): Promise<ConnectError> =>
      rejectionOf(open({ servers: server.url, ...options }), ConnectError);

    it("SEC-USERPASS-1, SEC-USERPASS-5: user and password, plain and stored as bcrypt; a wrong one is an authorization error", {
      timeout: BOUND,
    }, async () => {
      // The second one is a published test vector of bcrypt.
      const server = await serve(`authorization { users: [
        { user: ann, password: "p@ss:w/%" }
        { user: bea, password: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" } ] }`);
      await works(server, { user: "ann", pass: "p@ss:w/%" });
      await works(server, { user: "bea", pass: "U*U" });
      await works(server, { authenticator: usernamePasswordAuthenticator("ann", async () => "p@ss:w/%") });
      const error = await refused(server, { user: "ann", pass: "wrong" });
      expect(error.code).toBe("AUTHORIZATION_VIOLATION");
      expect(error.cause).toBeInstanceOf(AuthorizationError);
    });

    it("SEC-USERPASS-2, SEC-USERPASS-3, D4: credentials in the URL are decoded, and options beat them", {
      timeout: BOUND,
    }, async () => {
      const server = await serve('authorization { users: [ { user: ann, password: "p@ss:w/%" } ] }');
      const at = server.url.replace("nats://", "");
      const url = `nats://ann:${encodeURIComponent("p@ss:w/%")}@${at}`;
      await works(server, { servers: url });
      await works(server, { servers: `nats://ann:wrong@${at}`, user: "ann", pass: "p@ss:w/%" });
      await works(server, {
        servers: `nats://ann:wrong@${at}`,
        authenticator: usernamePasswordAuthenticator("ann", "p@ss:w/%"),
      });
      expect((await refused(server, { servers: url, user: "ann", pass: "wrong" })).code).toBe(
        "AUTHORIZATION_VIOLATION",
      );
    });

    it("SEC-TOKEN-1, SEC-TOKEN-2, SEC-TOKEN-3, D12: a token as option, from a function, and in the URL in both spellings", {
      timeout: BOUND,
    }, async () => {
      const server = await serve('authorization { token: "s3cr!t$%" }');
      const at = server.url.replace("nats://", "");
      await works(server, { token: "s3cr!t$%" });
      await works(server, { authenticator: tokenAuthenticator(() => "s3cr!t$%") });
      await works(server, { servers: `nats://${encodeURIComponent("s3cr!t$%")}@${at}` });
      await works(server, { servers: `nats://:${encodeURIComponent("s3cr!t$%")}@${at}` });
      expect((await refused(server, { token: "wrong" })).code).toBe("AUTHORIZATION_VIOLATION");
    });

    it("SEC-NKEY-1, SEC-NKEY-2, SEC-NKEY-4, SEC-NKEY-7: an nkey, by seed and by a function that signs, also after a reconnect", {
      timeout: BOUND,
    }, async () => {
      const user = nkeys.createUser();
      const server = await serve(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
      const nonces: (string | undefined)[] = [];
      const signs: Authenticator = (nonce) => {
        nonces.push(nonce);
        return {
          nkey: user.getPublicKey(),
          sig: Buffer.from(user.sign(new TextEncoder().encode(nonce))).toString("base64url"),
        };
      };
      await works(server, { authenticator: nkeyAuthenticator(user.getSeed()) });
      const nc = await open({ servers: server.url, authenticator: signs });
      const back = next(nc, "reconnect");
      await nc.reconnect();
      await back;
      expect(nonces).toHaveLength(2);
      expect(nonces[0]).not.toBe(nonces[1]);
      const other = nkeyAuthenticator(nkeys.createUser().getSeed());
      expect((await refused(server, { authenticator: other })).code).toBe("AUTHORIZATION_VIOLATION");
    });

    it("SEC-NKEY-6: an nkey for a server that wants none is a clear error, and nothing was sent", {
      timeout: BOUND,
    }, async () => {
      const server = await serve("");
      const error = await refused(server, { authenticator: nkeyAuthenticator(nkeys.createUser().getSeed()) });
      expect(error.attempts[0]).toMatchObject({ phase: "auth", error: { code: "CALLBACK_FAILED" } });
      expect(error.cause).toBeInstanceOf(CallbackError);
      expect((error.cause as CallbackError).cause).toMatchObject({ code: "NO_NONCE" });
      expect(error.message).toContain("nonce");
    });

    it("SEC-CREDS-2, SEC-CREDS-4, SEC-CREDS-6: creds as text, as a file read at every attempt, JWT with seed, and a bearer JWT", {
      timeout: BOUND,
    }, async () => {
      const operator = createTestOperator();
      const server = await serve(operator.config);
      const [one, two] = [operator.user(), operator.user()];
      await works(server, { authenticator: credsAuthenticator(one.creds) });
      await works(server, { authenticator: jwtAuthenticator(one.jwt, () => two.seed) }).then(
        () => expect.unreachable("a seed that is not the JWT's"),
        (error: unknown) => expect(error).toBeInstanceOf(ConnectError),
      );
      await works(server, { authenticator: jwtAuthenticator(one.jwt, async () => one.seed) });
      await works(server, { authenticator: jwtAuthenticator(operator.user({ bearer: true }).jwt) });
      const folder = await mkdtemp(join(tmpdir(), "creds-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const path = join(folder, "user.creds");
      await writeFile(path, one.creds);
      const nc = await open({ servers: server.url, authenticator: credsFileAuthenticator(path) });
      const back = next(nc, "reconnect");
      await writeFile(path, two.creds);
      await nc.reconnect();
      await back;
    });

    it("PROTO-57: an account that may have no more connections is no wrong credential: its own code, and room is waited for", {
      timeout: BOUND,
    }, async () => {
      const operator = createTestOperator(1);
      const server = await serve(operator.config);
      const authenticator = credsAuthenticator(operator.user().creds);
      const first = await open({ servers: server.url, authenticator });
      const error = await refused(server, { authenticator });
      expect(error.code).toBe("MAX_ACCOUNT_CONNECTIONS");
      expect(error.cause).toBeInstanceOf(ConnectionLimitError);
      const second = await open({
        servers: server.url,
        authenticator,
        firstConnect: "background",
        reconnectTimeWait: 20,
        ignoreAuthErrorAbort: false,
      });
      const failures = record(second, "attemptFailed");
      await until("it was refused more than once", () => failures.length > 2);
      await first.close();
      await second.ready;
    });

    it("SEC-CREDS-5, D11: a JWT that expires is an error event and a reconnect; then, refused, it is tried on and heals", {
      timeout: BOUND,
    }, async () => {
      const operator = createTestOperator();
      const server = await serve(operator.config);
      let creds = operator.user({ seconds: 2 }).creds;
      const nc = await open({
        servers: server.url,
        authenticator: credsAuthenticator(() => creds),
        reconnectTimeWait: 50,
        reconnectJitter: 0,
      });
      const seen = record(nc, "disconnect", "attemptFailed", "error");
      const got: string[] = [];
      nc.subscribe("a", { callback: (_, msg) => got.push(msg.string()) });
      await until("an attempt was refused", () => seen.some(({ type }) => type === "attemptFailed"));
      const lost = seen.find(({ type }) => type === "disconnect");
      expect(lost).toMatchObject({ error: expect.any(UserAuthenticationExpiredError) as Error });
      const back = next(nc, "reconnect");
      creds = operator.user().creds;
      await back;
      nc.publish("a", "healed");
      await nc.flush();
      expect(got).toEqual(["healed"]);
      expect(nc.isClosed()).toBe(false);
    });

    it("RECONN-MAX-9: the authenticator is called for every attempt, and told which, where, and why the last one failed", {
      timeout: BOUND,
    }, async () => {
      const server = await serve("authorization { token: right }");
      const asked: { readonly attempt: number; readonly failed: boolean }[] = [];
      const authenticator: Authenticator = (_nonce, { attempt, lastError, server: url }) => {
        asked.push({ attempt, failed: lastError instanceof AuthorizationError });
        expect(url).toBe(server.url);
        return { auth_token: attempt < 3 ? "wrong" : "right" };
      };
      await open({
        servers: server.url,
        authenticator,
        firstConnect: "retry",
        firstConnectRefused: "retry",
        reconnectTimeWait: 20,
        reconnectJitter: 0,
      });
      expect(asked).toEqual([
        { attempt: 1, failed: false },
        { attempt: 2, failed: true },
        { attempt: 3, failed: true },
      ]);
    });

    it("PROTO-38: credentials that need no nonce may take longer than the server waits after INFO", {
      timeout: BOUND,
    }, async () => {
      const server = await serve("authorization { token: right, timeout: 0.5 }");
      const slow = async (): Promise<string> => {
        await new Promise((resolve) => setTimeout(resolve, 800));
        return "right";
      };
      await works(server, { authenticator: tokenAuthenticator(slow) });
      await works(server, { authenticator: async () => ({ auth_token: await slow() }) });
    });
  });
});

it("SEC-USERPASS-4: contradicting credentials are refused before anything is dialled", async () => {
  const server = await fake();
  for (const options of [{ user: "u", token: "t" }, { pass: "p" }, { user: "u", pass: "p", token: "t" }]) {
    await rejectionOf(open({ servers: server.url, ...options }), InvalidArgumentError);
  }
  expect(server.connections).toHaveLength(0);
});

describe("PROTO-25", () => {
  const nonce = "PXoWU7zWAMt75FY";
  const always = ["headers", "lang", "no_responders", "pedantic", "protocol", "tls_required", "verbose", "version"];
  const user = nkeys.createUser();
  const modes: readonly (readonly [string, ConnectionOptions, readonly string[]])[] = [
    ["no credentials", {}, []],
    ["a name", { name: "n" }, ["name"]],
    ["no echo", { noEcho: true }, ["echo"]],
    ["user and password", { user: "u", pass: "p" }, ["user", "pass"]],
    ["a token", { token: "t" }, ["auth_token"]],
    ["an nkey", { authenticator: nkeyAuthenticator(user.getSeed()) }, ["nkey", "sig"]],
    ["a JWT", { authenticator: jwtAuthenticator("a.b.c", user.getSeed()) }, ["jwt", "sig"]],
    ["a bearer JWT", { authenticator: jwtAuthenticator("a.b.c") }, ["jwt"]],
    [
      "several",
      { user: "u", pass: "p", authenticator: nkeyAuthenticator(user.getSeed()) },
      ["user", "pass", "nkey", "sig"],
    ],
  ];
  it.each(modes)(
    "PROTO-25, PROTO-26, PROTO-27: CONNECT with %s has exactly its own fields",
    async (_, options, fields) => {
      const server = await fake({ info: { nonce } });
      await open({ servers: server.url, ...options });
      const sent = server.connections[0]?.options ?? {};
      expect(Object.keys(sent).sort()).toEqual([...always, ...fields].sort());
      expect(sent).toMatchObject({ tls_required: false });
    },
  );
});

it("SEC-1, D18: no error, event, inspection or trace shows a password, token, seed, JWT or signature", {
  timeout: BOUND,
}, async () => {
  const user = nkeys.createUser();
  const seed = new TextDecoder().decode(user.getSeed());
  const jwt = "eyJjYW5hcnki.Y2FuYXJ5Lmp3dC5jYW5hcnk.c2lnbmVkLmNhbmFyeQ";
  const nonce = "nonce-to-sign";
  const sig = Buffer.from(user.sign(new TextEncoder().encode(nonce))).toString("base64url");
  const creds = `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  const canaries = ["canary-password", "canary-token", "canary-url-password", seed, jwt, sig, seed.slice(4, 24)];
  const witness = new Witness();
  const see = (value: unknown): void => witness.see(value);
  for (const name of everyChannel) {
    subscribe(name, see);
    onTestFinished(() => void unsubscribe(name, see));
  }
  const ways: readonly ConnectionOptions[] = [
    { user: "ann", pass: "canary-password" },
    { token: "canary-token" },
    { authenticator: nkeyAuthenticator(seed) },
    { authenticator: jwtAuthenticator(jwt, seed) },
    { authenticator: credsAuthenticator(creds) },
    { authenticator: nkeyAuthenticator(`${seed.slice(0, -2)}AA`) },
    { authenticator: credsAuthenticator(creds.replace(seed, seed.replace("SU", "SA"))) },
  ];
  for (const options of ways) {
    for (const refuse of [false, true]) {
      const server = await fake({
        info: { nonce },
        onConnect: (connection) => {
          if (!refuse) return undefined;
          connection.err("Authorization Violation");
          connection.end();
          return "skip";
        },
      });
      const urls = [
        server.url.replace("nats://", "nats://bob:canary-url-password@"),
        "nats://bob:canary-url-password@127.0.0.1:1",
      ];
      try {
        const nc = await open({ servers: urls, noRandomize: true, reconnectTimeWait: 10, ...options });
        const seen = record(nc, "disconnect", "attemptFailed", "error", "reconnecting", "reconnect", "close");
        see(nc);
        see(nc.getServers());
        see(nc.stats());
        server.connections.at(-1)?.reset();
        await until("it is back", () => nc.stats().reconnects > 0 || seen.length > 3);
        await nc.request("nobody", "", { timeout: 50 }).catch(see);
        await nc.drain().catch(see);
        see(seen);
        see(nc);
      } catch (error) {
        see(error);
      }
    }
  }
  expect(witness.texts).toBeGreaterThan(50);
  witness.expectNone(canaries);
});
