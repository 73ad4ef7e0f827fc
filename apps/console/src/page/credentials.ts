// From what was typed or pasted to how a connection is let in. Held in memory for as long as the page is open, never stored. Pure.

import { type ConnectionOptions, credsAuthenticator, InvalidArgumentError, nkeyAuthenticator } from "myelin";
import type { CredentialsKind } from "./settings.js";

/** A field of one kind of credentials. */
export interface CredentialsField {
  readonly name: string;
  readonly label: string;
  readonly secret: boolean;
  /** Pasted as several lines. */
  readonly lines?: boolean;
}

export const FIELDS: Readonly<Record<CredentialsKind, readonly CredentialsField[]>> = {
  none: [],
  password: [
    { name: "user", label: "User", secret: false },
    { name: "pass", label: "Password", secret: true },
  ],
  token: [{ name: "token", label: "Token", secret: true }],
  nkey: [{ name: "seed", label: "Seed, begins with SU", secret: true }],
  creds: [{ name: "creds", label: "Content of the .creds file", secret: true, lines: true }],
};

/** The part of the options; throws InvalidArgumentError when a field is empty that must not be. */
export function credentialOptions(
  kind: CredentialsKind,
  values: Readonly<Record<string, string>>,
): Pick<ConnectionOptions, "user" | "pass" | "token" | "authenticator"> {
  const given = (name: string): string => {
    const value = values[name] ?? "";
    if (value.trim() === "") throw new InvalidArgumentError(name, "is empty: fill it in, or choose other credentials");
    return value;
  };
  switch (kind) {
    case "none":
      return {};
    case "password":
      // An empty password is one.
      return { user: given("user"), pass: values["pass"] ?? "" };
    case "token":
      return { token: given("token") };
    case "nkey":
      return { authenticator: nkeyAuthenticator(given("seed").trim()) };
    case "creds":
      return { authenticator: credsAuthenticator(given("creds")) };
  }
}
