// With servers that let in only whom they know.

import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  isNatsError,
  type NatsError,
  nkeyAuthenticator,
} from "myelin";
import type { DoorName, Served, ServedKind } from "./plan.js";
import { full, type Scenario, type Stage, same, until } from "./stage.js";

const plain = (door: DoorName): boolean => !/tls|wss/.test(door);

export const credentials: readonly Scenario[] = [
  { name: "nkey", needs: plain, play: (stage) => admits(stage, "nkey", nkeyAuthenticator) },
  { name: "creds", needs: plain, play: (stage) => admits(stage, "creds", credsAuthenticator) },
  { name: "client certificate", needs: (door) => full(door) && !plain(door), play: certificate },
];

async function admits(stage: Stage, kind: ServedKind, authenticator: (secret: string) => Authenticator): Promise<void> {
  const served = await stage.serve(kind);
  same("without", (await failure(stage, served)).code, "AUTHORIZATION_VIOLATION");
  const nc = await stage.open(served, { authenticator: authenticator(served.secret) });
  nc.subscribe(stage.subject, { callback: (_error, msg) => void msg.respond(msg.data) });
  same("answer", (await nc.request(stage.subject, "x", { timeout: 10_000 })).string(), "x");
  let reconnects = 0;
  nc.on("reconnect", () => void reconnects++);
  // Signed anew for the next link.
  await stage.backstage.kill(served);
  await stage.backstage.restart(served);
  await until("it is back", () => nc.state === "connected" && reconnects === 1);
  await nc.flush();
}

async function certificate(stage: Stage): Promise<void> {
  const served = await stage.serve("mutual");
  const { ca, cert, key } = stage.material;
  const tls = { ca, cert, key };
  // Where a WebSocket takes no certificate that is said before anything is dialled, and by name.
  if (stage.overWebSocket && !stage.plan.overWs.includes(stage.door)) {
    const error = await failure(stage, served, { tls });
    same("code", error.code, "UNSUPPORTED_TARGET");
    if (!error.message.includes("tls.ca")) throw new Error(`tls.ca is not named: ${error.message}`);
    return;
  }
  const nc = await stage.openFull(served, { tls });
  await nc.flush();
  await failure(stage, served, { tls: { ca } });
}

async function failure(stage: Stage, served: Served, more?: ConnectionOptions): Promise<NatsError> {
  const { connect, ConnectError } = stage.client;
  const ended = await connect(await stage.options(served, more)).then(
    async (nc) => {
      await nc.close();
      return "a connection";
    },
    (error: unknown) => error,
  );
  if (!(ended instanceof ConnectError && isNatsError(ended))) throw new Error(`not a ConnectError: ${ended}`);
  return ended;
}
