// Only with `npm run interop`.

import { rust } from "../src/languages/rust.js";
import { declareInterop } from "./declare.js";

await declareInterop(rust, ["newest"]);
