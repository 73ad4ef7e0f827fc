// What happened, newest first: bounded, and read out by screen readers as it comes.

import { make, need } from "../dom.js";
import type { Entry } from "../words.js";
import { timeOf } from "./time.js";

const KEPT = 200;
const MARKS = { good: "✓", bad: "✗", plain: "·" } as const;
const MEANINGS = { good: "good: ", bad: "bad: ", plain: "" } as const;

export class LogView {
  readonly #list = need("log", HTMLOListElement);
  readonly #empty = need("log-empty", HTMLParagraphElement);

  constructor() {
    // It scrolls, and not every browser lets the keyboard in by itself.
    need("log-place", HTMLDivElement).tabIndex = 0;
    need("clear-log", HTMLButtonElement).addEventListener("click", () => {
      this.#list.replaceChildren();
      this.#empty.hidden = false;
    });
  }

  add({ tone, text }: Entry, at: Date): void {
    this.#empty.hidden = true;
    const mark = make("span", { class: "mark", "aria-hidden": "true" }, MARKS[tone]);
    const meaning = make("span", { class: "hidden" }, MEANINGS[tone]);
    const time = make("time", { datetime: at.toISOString() }, timeOf(at));
    this.#list.prepend(make("li", { "data-tone": tone }, time, mark, make("span", { class: "text" }, meaning, text)));
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild?.remove();
  }
}
