// All that is played in a Chromium, in a Firefox.

import { installedFirefox } from "../../runtimes/src/browsers.js";
import { dailyUse } from "./daily-use.js";
import { longOutages } from "./long-outages.js";
import { inBrowser } from "./stage.js";

inBrowser(installedFirefox, (studio) => {
  dailyUse(studio);
  longOutages(studio);
});
