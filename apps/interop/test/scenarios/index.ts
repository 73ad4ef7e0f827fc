import { ending } from "./ending.js";
import { headers } from "./headers.js";
import { publishing } from "./publishing.js";
import { requesting } from "./requesting.js";
import type { Scenario } from "./scenario.js";

/** All of them, in the order of the tables. */
export const scenarios: readonly Scenario[] = [...publishing, ...requesting, ...headers, ...ending];
