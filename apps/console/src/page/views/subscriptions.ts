// The subscriptions of the page, which outlive its connections: made again on the next one.

import type { NatsConnection } from "myelin";
import { need, put, tell } from "../dom.js";
import { FORMATS, type Format } from "../settings.js";
import { sentence } from "../words.js";
import { type SubscriptionHost, SubscriptionView } from "./subscription.js";

export interface SubscriptionsHost {
  /** `undefined` while there is none: then they are made as soon as there is. */
  readonly connection: NatsConnection | undefined;
  /** Something that a link to this page holds is another now. */
  changed(): void;
}

export class SubscriptionsView implements SubscriptionHost {
  readonly #host: SubscriptionsHost;
  readonly #place = need("subs", HTMLDivElement);
  readonly #empty = need("subs-empty", HTMLParagraphElement);
  readonly #subject = need("sub-subject", HTMLInputElement);
  readonly #problem = need("subscribe-problem", HTMLParagraphElement);
  readonly #format = need("format", HTMLSelectElement);
  #views: readonly SubscriptionView[] = [];

  constructor(host: SubscriptionsHost) {
    this.#host = host;
    need("subscribe-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.add(this.#subject.value.trim())) this.#subject.value = "";
      this.#subject.focus();
    });
    this.#format.addEventListener("change", () => {
      for (const view of this.#views) view.redraw();
      host.changed();
    });
  }

  get format(): Format {
    return FORMATS.find((one) => one === this.#format.value) ?? "auto";
  }

  set format(format: Format) {
    this.#format.value = format;
  }

  get subjects(): readonly string[] {
    return this.#views.map(({ subject }) => subject);
  }

  /** False with a sentence on the page when it is no subject, or there already. */
  add(subject: string): boolean {
    if (subject === "") return this.#refused("Which subject? For instance orders.* or > for everything.");
    if (this.subjects.includes(subject)) return this.#refused(`${subject} is subscribed to already.`);
    const view = new SubscriptionView(subject, this);
    const { connection } = this.#host;
    try {
      if (connection !== undefined) view.begin(connection);
    } catch (error) {
      return this.#refused(sentence(error));
    }
    tell(this.#problem, "");
    this.#views = [view, ...this.#views];
    this.#place.prepend(view.element);
    this.#empty.hidden = true;
    this.#host.changed();
    return true;
  }

  /** Makes all of them on a new connection. */
  begin(nc: NatsConnection): void {
    for (const view of this.#views) {
      try {
        view.begin(nc);
      } catch (error) {
        this.failed(error);
      }
    }
  }

  show(now: number): void {
    for (const view of this.#views) view.show(now);
  }

  removed(view: SubscriptionView): void {
    this.#views = this.#views.filter((one) => one !== view);
    view.element.remove();
    this.#empty.hidden = this.#views.length > 0;
    this.#subject.focus();
    this.#host.changed();
  }

  failed(error: unknown): void {
    this.#refused(sentence(error));
  }

  #refused(problem: string): false {
    // Said again when it is the same.
    put(this.#problem, "");
    tell(this.#problem, problem);
    return false;
  }
}
