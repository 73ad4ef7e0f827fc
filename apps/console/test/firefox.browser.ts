// What is played in a Chromium, in a Firefox. But for the rolling restart, which takes long: `npm run runtimes` has one in a Firefox.

import { installedFirefox } from "../../runtimes/src/browsers.js";
import { dailyUse } from "./daily-use.js";
import { longAbsence } from "./long-outages.js";
import { inBrowser } from "./stage.js";

inBrowser(installedFirefox, (studio) => {
  dailyUse(studio);
  longAbsence(studio);
});
