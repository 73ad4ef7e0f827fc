// Written by `npm run versions` from package.json. Evaluated before the other modules, so that nothing of a sibling that does not fit is used.

import { version as contracts, requireSiblings } from "@myelin/contracts";
import { version } from "./version.js";

requireSiblings("@myelin/light", version, [["@myelin/contracts", "0.0.0", contracts]]);

export { version };
