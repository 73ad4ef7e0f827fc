// Two versions of the packages in one process, each with its own siblings, as a dependency that is behind makes them. Both connect to one
// server, both lose it, both come back, and neither touches the other.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RealServer, sleep } from "@myelin/testing";
import { asVersions, layOut, type Packed } from "./archives.js";
import { type Cell, tried } from "./cell.js";
import { complaintOf, DONE, runInNode } from "./running.js";
