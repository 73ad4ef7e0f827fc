// What takes long, in a Chromium.

import { installedChromium } from "../../runtimes/src/browsers.js";
import { beingLookedAt, comingOnline, longAbsence, rollingRestart } from "./long-outages.js";
import { inBrowser } from "./stage.js";

inBrowser(installedChromium, (studio) => {
  rollingRestart(studio);
  longAbsence(studio, comingOnline, beingLookedAt);
});
