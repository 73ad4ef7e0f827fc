// Written by `npm run versions` from package.json. Evaluated before the other modules, so that nothing of a sibling that does not fit is used.

import { version as client } from "@myelin/client";
import { version as contracts, requireSiblings } from "@myelin/contracts";
import { version as credentials } from "@myelin/credentials";
import { version as transportWebsocket } from "@myelin/transport-websocket";
import { version } from "./version.js";

requireSiblings("myelin", version, [
  ["@myelin/client", "0.0.0", client],
  ["@myelin/contracts", "0.0.0", contracts],
  ["@myelin/credentials", "0.0.0", credentials],
  ["@myelin/transport-websocket", "0.0.0", transportWebsocket],
]);

export { version };
