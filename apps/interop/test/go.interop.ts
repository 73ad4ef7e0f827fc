// Only with `npm run interop`.

import { go } from "../src/languages/go.js";
import { declareInterop } from "./declare.js";

await declareInterop(go, ["newest"]);
