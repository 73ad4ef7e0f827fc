// The thread of one part of a fleet: it is given the part, plays it and tells what came of it.

import { parentPort, workerData } from "node:worker_threads";
import { playShard, type Shard } from "./shards.js";

// Nobody reads where each of a million dials failed, and to write that down takes longer than the dial.
Error.stackTraceLimit = 0;

parentPort?.postMessage(await playShard(workerData as Shard));
