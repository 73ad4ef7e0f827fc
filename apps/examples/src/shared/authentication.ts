// The two flags for credentials that all programs of the tutorials have, and the authenticator they stand for.

import { readFile } from "node:fs/promises";
import type { CAC } from "cac";
import { type Authenticator, credsFileAuthenticator, nkeyAuthenticator } from "myelin";

export interface AuthenticationFlags {
  readonly creds?: string;
  readonly nkey?: string;
}

type Command = ReturnType<CAC["command"]>;

export function withAuthentication(command: Command): Command {
  return command
    .option("--creds <file>", "Credentials file: a user JWT and its seed")
    .option("--nkey <file>", "File with an nkey seed");
}

/** Files are read again whenever the program connects. */
export function authenticatorOf({ creds, nkey }: AuthenticationFlags): Authenticator | undefined {
  if (creds !== undefined && nkey !== undefined) throw new RangeError("give --creds or --nkey, not both");
  if (creds !== undefined) return credsFileAuthenticator(creds);
  if (nkey !== undefined) return nkeyAuthenticator(() => readFile(nkey, "utf8"));
  return undefined;
}
