// The bar at the top: the state of the connection, its counters, and the messages of the last minute as a line.

import type { NatsConnection, Stats } from "myelin";
import { need, put } from "../dom.js";
import { type Meter, SECONDS } from "../meter.js";
import { sizeOf } from "../payload.js";
import { durationOf, isStandIn, serverOf } from "../server-words.js";

const WIDTH = 120;
const HEIGHT = 28;

export class HeaderView {
  readonly #dot = need("state-dot", HTMLSpanElement);
  readonly #state = need("state", HTMLSpanElement);
  readonly #detail = need("state-detail", HTMLSpanElement);
  readonly #standIn = need("stand-in", HTMLParagraphElement);
  readonly #rtt = need("count-rtt", HTMLElement);
  readonly #in = need("count-in", HTMLElement);
  readonly #out = need("count-out", HTMLElement);
  readonly #reconnects = need("count-reconnects", HTMLElement);
  readonly #rate = need("rate-now", HTMLSpanElement);
  readonly #sparkline = need("sparkline", SVGSVGElement);
  readonly #line = need("sparkline-line", SVGPathElement);
  readonly #area = need("sparkline-area", SVGPathElement);
  #drawn = -1;

  show(nc: NatsConnection | undefined, stats: Stats | undefined): void {
    const [look, words] = stateOf(nc);
    this.#dot.dataset["look"] = look;
    put(this.#state, words);
    put(this.#detail, nc?.state === "connected" && nc.info !== undefined ? serverOf(nc.info) : "");
    // Also while a lost one is looked for: it is another of the same kind.
    this.#standIn.hidden = !isStandIn(nc?.info);
    const serving = nc?.getServers().find(({ state }) => state === "connected");
    put(this.#rtt, serving?.rtt === undefined ? "–" : durationOf(serving.rtt));
    if (stats === undefined) return;
    put(this.#in, stats.inMsgs.toLocaleString("en"));
    put(this.#out, stats.outMsgs.toLocaleString("en"));
    this.#in.title = `${sizeOf(stats.inBytes)} of payload and headers`;
    this.#out.title = `${sizeOf(stats.outBytes)} of payload and headers`;
    put(this.#reconnects, String(stats.reconnects));
  }

  /** Once a second is enough. */
  draw(meter: Meter, now: number): void {
    const second = Math.floor(now / 1_000);
    if (second === this.#drawn) return;
    this.#drawn = second;
    const history = meter.history(now);
    const peak = Math.max(...history);
    const rate = history.at(-1) ?? 0;
    const points = history.map((count, i) => {
      const x = (i * WIDTH) / (SECONDS - 1);
      const y = HEIGHT - 1 - (peak === 0 ? 0 : (count * (HEIGHT - 3)) / peak);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    this.#line.setAttribute("d", `M${points.join("L")}`);
    this.#area.setAttribute("d", `M0,${HEIGHT}L${points.join("L")}L${WIDTH},${HEIGHT}Z`);
    put(this.#rate, rate.toLocaleString("en"));
    const label =
      peak === 0
        ? "No messages in the last minute"
        : `Now ${rate} messages a second, at most ${peak} in the last minute`;
    if (this.#sparkline.getAttribute("aria-label") !== label) this.#sparkline.setAttribute("aria-label", label);
  }
}

function stateOf(nc: NatsConnection | undefined): [look: string, words: string] {
  switch (nc?.state) {
    case "connected":
      return ["good", `connected to ${nc.getServer()}`];
    case "dialing":
      return ["busy", "connecting"];
    case "waiting":
      return ["busy", "waiting for the next attempt"];
    case "draining":
      return ["busy", "draining"];
    default:
      return ["off", "not connected"];
  }
}
