// Only with `npm run interop`.

import { python } from "../src/languages/python.js";
import { declareInterop } from "./declare.js";

await declareInterop(python, ["newest"]);
