// The field's own nkeys library under the name nats.js gives it: makes, reads and checks keys.

import * as library from "@nats-io/nkeys";

/** `@nats-io/nkeys`: `createUser()`, `fromSeed()`, `fromPublic()` and the rest. */
export const nkeys: typeof library = library;
