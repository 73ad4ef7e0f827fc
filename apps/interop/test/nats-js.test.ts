// nats.js, on both server lines; always.

import { natsJs } from "../src/languages/nats-js.js";
import { declareInterop } from "./declare.js";

await declareInterop(natsJs, ["oldest", "newest"]);
