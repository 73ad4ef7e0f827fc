// Light, dark, or as the system has it: one button that goes round.

import { need } from "./dom.js";
import { THEMES, type Theme } from "./settings.js";

const WORDS: Readonly<Record<Theme, string>> = { system: "as the system", light: "light", dark: "dark" };
const SIGNS: Readonly<Record<Theme, string>> = { system: "◐", light: "○", dark: "●" };

export class ThemeSwitch {
  readonly #button = need("theme", HTMLButtonElement);
  #theme: Theme = "system";

  constructor(changed: () => void) {
    this.#button.addEventListener("click", () => {
      this.theme = THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length] ?? "system";
      changed();
    });
  }

  get theme(): Theme {
    return this.#theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    document.documentElement.dataset["theme"] = theme;
    const label = `Colours: ${WORDS[theme]}`;
    this.#button.textContent = SIGNS[theme];
    this.#button.setAttribute("aria-label", label);
    this.#button.title = label;
  }
}
