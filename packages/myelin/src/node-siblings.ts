// Written by `npm run versions` from package.json. Evaluated before the other modules, so that nothing of a sibling that does not fit is used.

import { requireSiblings } from "@myelin/contracts";
import { version as transportNode } from "@myelin/transport-node";
import { version } from "./siblings.js";

requireSiblings("myelin", version, [["@myelin/transport-node", "0.0.0", transportNode]]);

export { version };
