// A message of one's own: published, or sent as a request whose answer is shown.

import type { NatsConnection, PublishOptions } from "myelin";
import { make, need, put, tell } from "../dom.js";
import { headersOf } from "../header-lines.js";
import { shown, sizeOf } from "../payload.js";
import { copyOf } from "../received.js";
import { durationOf } from "../server-words.js";
import type { Format } from "../settings.js";
import { sentence } from "../words.js";
import { wholeOf } from "./message.js";

export interface PublishingHost {
  readonly connection: NatsConnection | undefined;
  readonly format: Format;
  changed(): void;
}

export class PublishingView {
  readonly #host: PublishingHost;
  readonly #subject = need("pub-subject", HTMLInputElement);
  readonly #payload = need("pub-payload", HTMLTextAreaElement);
  readonly #headers = need("pub-headers", HTMLTextAreaElement);
  readonly #hint = need("headers-hint", HTMLSpanElement);
  readonly #timeout = need("timeout", HTMLInputElement);
  readonly #request = need("request", HTMLButtonElement);
  readonly #problem = need("publish-problem", HTMLParagraphElement);
  readonly #answer = need("answer", HTMLDivElement);
  #published = 0;
  // Of two requests under way the answer of the later one is shown.
  #asked = 0;

  constructor(host: PublishingHost) {
    this.#host = host;
    const form = need("publish-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#publish();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#publish();
    });
    this.#request.addEventListener("click", () => void this.#ask());
    this.#subject.addEventListener("change", () => host.changed());
    this.#headers.addEventListener("input", () => {
      const lines = this.#headers.value.split("\n").filter((line) => line.trim() !== "").length;
      put(this.#hint, lines === 0 ? "" : String(lines));
    });
  }

  get to(): string {
    return this.#subject.value.trim();
  }

  set to(subject: string) {
    this.#subject.value = subject;
  }

  #publish(): void {
    void this.#with((nc, subject, payload, options) => {
      const sent = nc.publish(subject, payload, options);
      this.#published++;
      const waits = nc.state === "connected" || !sent ? "" : "; it is kept until there is a server";
      const size = sizeOf(new TextEncoder().encode(payload).length);
      this.#say(make("p", { class: "quiet" }, `Published to ${subject}, ${size}${waits}. ${this.#published} so far.`));
    });
  }

  async #ask(): Promise<void> {
    const number = ++this.#asked;
    const show = (...parts: HTMLElement[]): void => {
      if (number === this.#asked) this.#say(...parts);
    };
    await this.#with(async (nc, subject, payload, options) => {
      const timeout = this.#timeout.valueAsNumber;
      show(make("p", { class: "quiet" }, `Waiting for an answer from ${subject} …`));
      const begin = performance.now();
      try {
        const msg = await nc.request(subject, payload, { ...options, timeout });
        const after = durationOf(performance.now() - begin);
        const answer = copyOf(msg, 1, Date.now());
        const { full } = shown(answer.bytes, this.#host.format, answer.size);
        show(make("p", {}, `Answer from ${subject} after ${after}, ${sizeOf(answer.size)}`), ...wholeOf(answer, full));
      } catch (error) {
        show();
        throw error;
      }
    });
  }

  /** Runs `work` with what the form holds; what is wrong with it, or with the work, is said below it. */
  async #with(
    work: (nc: NatsConnection, subject: string, payload: string, options: PublishOptions) => unknown,
  ): Promise<void> {
    tell(this.#problem, "");
    try {
      const nc = this.#host.connection;
      if (nc === undefined) throw new Error("Not connected: connect first");
      if (this.to === "") throw new Error("Which subject? It is empty");
      const headers = headersOf(this.#headers.value);
      await work(nc, this.to, this.#payload.value, headers === undefined ? {} : { headers });
    } catch (error) {
      tell(this.#problem, sentence(error));
    }
  }

  #say(...parts: HTMLElement[]): void {
    this.#answer.replaceChildren(...parts);
  }
}
