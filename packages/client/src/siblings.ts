// Written by `npm run versions` from package.json. Evaluated before the other modules, so that nothing of a sibling that does not fit is used.

import { version as contracts, requireSiblings } from "@myelin/contracts";
import { version as protocol } from "@myelin/protocol";
import { version as serverPool } from "@myelin/server-pool";
import { version } from "./version.js";

requireSiblings("@myelin/client", version, [
  ["@myelin/contracts", "0.0.0", contracts],
  ["@myelin/protocol", "0.0.0", protocol],
  ["@myelin/server-pool", "0.0.0", serverPool],
]);

export { version };
