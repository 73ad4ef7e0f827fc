// Every scenario, in the order of the report.

import { codec } from "./codec.js";
import { memory } from "./memory.js";
import { publish } from "./publish.js";
import type { Scenario } from "./scenario.js";
import { subscribe } from "./subscribe.js";

export const scenarios: readonly Scenario[] = [codec, subscribe, publish, memory];
