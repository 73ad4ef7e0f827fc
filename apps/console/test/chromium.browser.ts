// What takes long, in a Chromium.

import { installedChromium } from "../../runtimes/src/browsers.js";
import { longOutages } from "./long-outages.js";
import { inBrowser } from "./stage.js";

inBrowser(installedChromium, longOutages);
