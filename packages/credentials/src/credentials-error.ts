// What can be wrong with credentials before a server has seen them. No message shows any part of them.

import { NatsError } from "@myelin/contracts";

/** Which of it: a `.creds` without a JWT or a seed, a seed that is none or not a user's, no nonce to sign, a file unread. */
export type CredentialsErrorCode =
  | "NO_USER_JWT_IN_CREDS"
  | "NO_SEED_IN_CREDS"
  | "BAD_SEED"
  | "NO_NONCE"
  | "CREDS_FILE_UNREADABLE";

/** Credentials that cannot be used; the attempt fails before anything of them is sent. */
export class CredentialsError extends NatsError {
  constructor(
    readonly code: CredentialsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
