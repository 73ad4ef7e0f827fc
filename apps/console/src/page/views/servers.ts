// The servers of the pool, a row for each, kept up to date in place so that nothing jumps and a selection survives.

import type { PoolServer } from "myelin";
import { make, need, put } from "../dom.js";
import { type Health, rowOf } from "../server-words.js";

const WORDS: Readonly<Record<Health, string>> = {
  connected: "serves us",
  leaving: "is leaving",
  dialling: "being dialled",
  waiting: "waits",
  failed: "failed",
  ready: "ready",
};
const LOOKS: Readonly<Record<Health, string>> = {
  connected: "good",
  leaving: "busy",
  dialling: "busy",
  waiting: "bad",
  failed: "bad",
  ready: "off",
};

export class ServersView {
  readonly #list = need("servers-list", HTMLUListElement);
  readonly #empty = need("servers-empty", HTMLParagraphElement);
  readonly #count = need("servers-count", HTMLSpanElement);
  readonly #rows = new Map<number, Row>();

  show(servers: readonly PoolServer[], now: number, arrival: string): void {
    this.#empty.hidden = servers.length > 0;
    put(this.#count, String(servers.length));
    for (const [id, row] of this.#rows) {
      if (servers.some((server) => server.id === id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const server of servers) {
      const known = this.#rows.get(server.id);
      const row = known ?? new Row();
      if (known === undefined) {
        this.#rows.set(server.id, row);
        this.#list.append(row.element);
      }
      row.show(server, now, arrival);
    }
  }
}

class Row {
  readonly #dot = make("span", { class: "dot", "aria-hidden": "true" });
  readonly #url = make("span", { class: "url" });
  readonly #health = make("span", { class: "health" });
  readonly #rtt = make("span", { class: "rtt", title: "round trip" });
  readonly #origin = make("span", { class: "quiet" });
  readonly #reason = make("p", { class: "quiet" });
  readonly #next = make("p", { class: "next" });
  readonly #trouble = make("p", { class: "trouble" });
  readonly element: HTMLLIElement = make(
    "li",
    {},
    make("div", { class: "line" }, this.#dot, this.#url, this.#rtt),
    make("p", {}, this.#health, " · ", this.#origin),
    this.#reason,
    this.#next,
    this.#trouble,
  );

  show(server: PoolServer, now: number, arrival: string): void {
    const row = rowOf(server, now, arrival);
    this.element.dataset["health"] = row.health;
    this.#dot.dataset["look"] = LOOKS[row.health];
    put(this.#url, row.url);
    put(this.#health, WORDS[row.health]);
    put(this.#rtt, row.rtt);
    put(this.#origin, row.origin);
    // It may be cut off.
    this.#trouble.title = row.trouble;
    for (const [place, text] of [
      [this.#reason, row.reason],
      [this.#next, row.next],
      [this.#trouble, row.trouble],
    ] as const) {
      put(place, text);
      place.hidden = text === "";
    }
  }
}
