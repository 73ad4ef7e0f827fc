// The page in a Chromium, as part of all tests. It is the only browser whose tests count as proofs in docs/conformance.md, which must not
// differ from machine to machine more than it has to.

import { installedChromium } from "../../runtimes/src/browsers.js";
import { dailyUse } from "./daily-use.js";
import { inBrowser } from "./stage.js";

inBrowser(installedChromium, dailyUse);
