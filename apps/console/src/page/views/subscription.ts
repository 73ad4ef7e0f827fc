// One subscription: its counters, its newest messages, and the buttons that hold and end it.

import type { NatsConnection, Subscription } from "myelin";
import { make, put } from "../dom.js";
import { sizeOf } from "../payload.js";
import { Inbox, KEPT, type Received } from "../received.js";
import type { Format } from "../settings.js";
import { messageItem } from "./message.js";

export interface SubscriptionHost {
  readonly format: Format;
  /** Somebody ended it. */
  removed(view: SubscriptionView): void;
  failed(error: Error): void;
}

export class SubscriptionView {
  readonly subject: string;
  readonly element: HTMLElement;
  readonly #host: SubscriptionHost;
  readonly #inbox = new Inbox();
  readonly #figures = make("span", { class: "quiet figures" });
  readonly #hold = make("button", { type: "button", class: "small", "aria-pressed": "false" }, "Pause");
  readonly #list: HTMLOListElement;
  // What is in the list, in its order.
  #shown: readonly Received[] = [];
  #mode: "live" | "held" = "live";
  #bytes = 0;
  #sub: Subscription | undefined;

  constructor(subject: string, host: SubscriptionHost) {
    this.subject = subject;
    this.#host = host;
    this.#list = make("ol", { class: "messages", "aria-label": `Messages of ${subject}, newest first` });
    const end = make(
      "button",
      { type: "button", class: "small", "aria-label": `Unsubscribe from ${subject}`, title: "Unsubscribe" },
      "✕",
    );
    const clear = make("button", { type: "button", class: "small", "aria-label": `Clear ${subject}` }, "Clear");
    const name = make("h3", {}, subject);
    const bar = make("div", { class: "head" }, name, this.#figures, this.#hold, clear, end);
    this.element = make("article", { class: "sub", "aria-label": `Subscription to ${subject}` }, bar, this.#list);
    this.#hold.addEventListener("click", () => this.#toggle());
    clear.addEventListener("click", () => {
      this.#inbox.clear();
      this.#shown = [];
      this.#list.replaceChildren();
    });
    end.addEventListener("click", () => {
      this.#sub?.unsubscribe();
      this.#host.removed(this);
    });
  }

  /** Makes it on this connection, in place of the one before. Throws InvalidSubjectError for what is no subject. */
  begin(nc: NatsConnection): void {
    this.#sub = nc.subscribe(this.subject, {
      callback: (error, msg) => {
        if (error !== null) return this.#host.failed(error);
        this.#bytes += msg.data.length;
        this.#inbox.add(msg, performance.now(), Date.now());
      },
    });
  }

  /** Shows what came since the last time, unless it is held. */
  show(now: number): void {
    const { count, untaken, meter } = this.#inbox;
    const messages = count === 1 ? "1 message" : `${count.toLocaleString("en")} messages`;
    put(this.#figures, `${meter.perSecond(now).toLocaleString("en")}/s · ${messages} · ${sizeOf(this.#bytes)}`);
    put(
      this.#hold,
      this.#mode === "live" ? "Pause" : `Resume${untaken === 0 ? "" : ` (${untaken.toLocaleString("en")} new)`}`,
    );
    if (this.#mode === "live" && untaken > 0) this.#add();
  }

  /** In another format: all of them anew. */
  redraw(): void {
    this.#list.replaceChildren(...this.#shown.map((one) => messageItem(one, this.#host.format)));
  }

  #toggle(): void {
    this.#mode = this.#mode === "live" ? "held" : "live";
    this.#hold.setAttribute("aria-pressed", String(this.#mode === "held"));
    this.element.dataset["mode"] = this.#mode;
    this.show(performance.now());
  }

  #add(): void {
    const fresh = this.#inbox.take().reverse();
    this.#shown = [...fresh, ...this.#shown].slice(0, KEPT);
    this.#list.prepend(...fresh.map((one) => messageItem(one, this.#host.format)));
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild?.remove();
  }
}
