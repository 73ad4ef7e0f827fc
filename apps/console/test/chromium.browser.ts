// What takes long, in a Chromium.

import { installedChromium } from "../../runtimes/src/browsers.js";
import { longAbsence, rollingRestart } from "./long-outages.js";
import { inBrowser } from "./stage.js";

inBrowser(installedChromium, (studio) => {
  rollingRestart(studio);
  longAbsence(studio);
});
