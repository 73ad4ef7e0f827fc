// With servers that let in only whom they know.

import {
  type Authenticator,
  ConnectError,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
} from "myelin";
import type { ServedKind } from "./plan.js";
import { type Scenario, type Stage, same, until } from "./stage.js";

const plain = (door: string): boolean => !/tls|wss/.test(door);

export const credentials: readonly Scenario[] = [
  { name: "nkey", needs: plain, play: (stage) => admits(stage, "nkey", nkeyAuthenticator) },
  { name: "creds", needs: plain, play: (stage) => admits(stage, "creds", credsAuthenticator) },
  { name: "client certificate", needs: (door) => !plain(door), play: certificate },
];

async function admits(stage: Stage, kind: ServedKind, authenticator: (secret: string) => Authenticator): Promise<void> {
  const served = await stage.serve(kind);
  same("without", await codeOf(await stage.options(served)), "AUTHORIZATION_VIOLATION");
  const nc = await stage.open(served, { authenticator: authenticator(served.secret) });
  nc.subscribe(stage.subject, { callback: (_error, msg) => void msg.respond(msg.data) });
  same("answer", (await nc.request(stage.subject, "x", { timeout: 10_000 })).string(), "x");
  // Signed anew for the next link.
  await stage.backstage.kill(served);
  await stage.backstage.restart(served);
  await until("it is back", () => nc.state === "connected" && nc.stats().reconnects === 1);
  await nc.flush();
}

async function certificate(stage: Stage): Promise<void> {
  const served = await stage.serve("mutual");
  const { ca, cert, key } = stage.material;
  const tls = { ca, cert, key };
  // Where a WebSocket takes no certificate that is said before anything is dialled, and by name.
  if (stage.overWebSocket && !stage.plan.overWs.includes(stage.door)) {
    const error = await failure(await stage.options(served, { tls }));
    same("code", error.code, "UNSUPPORTED_TARGET");
    if (!error.message.includes("tls.ca")) throw new Error(`tls.ca is not named: ${error.message}`);
    return;
  }
  const nc = await stage.open(served, { tls });
  await nc.flush();
  await failure(await stage.options(served, { tls: { ca } }));
}

async function codeOf(options: ConnectionOptions): Promise<string> {
  return (await failure(options)).code;
}

async function failure(options: ConnectionOptions): Promise<ConnectError> {
  const ended = await connect(options).then(
    async (nc) => {
      await nc.close();
      return "a connection";
    },
    (error: unknown) => error,
  );
  if (!(ended instanceof ConnectError)) throw new Error(`not a ConnectError: ${ended}`);
  return ended;
}
