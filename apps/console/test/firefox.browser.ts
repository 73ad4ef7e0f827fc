// What is played in a Chromium, in a Firefox. But for what takes long and is no matter of the browser: a rolling restart, of which
// `npm run runtimes` has one in a Firefox, and a second way to be woken.

import { installedFirefox } from "../../runtimes/src/browsers.js";
import { dailyUse } from "./daily-use.js";
import { comingOnline, longAbsence } from "./long-outages.js";
import { inBrowser } from "./stage.js";

inBrowser(installedFirefox, (studio) => {
  dailyUse(studio);
  longAbsence(studio, comingOnline);
});
