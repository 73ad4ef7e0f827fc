// The form of the connection: servers, credentials, and the button that begins and ends it. What is secret stays in its fields.

import type { ConnectionOptions } from "myelin";
import { credentialOptions, FIELDS } from "../credentials.js";
import { make, need, tell } from "../dom.js";
import { CREDENTIALS, type CredentialsKind } from "../settings.js";
import { sentence } from "../words.js";

export interface ConnectingHost {
  /** Rejects when the options cannot be used. */
  open(options: ConnectionOptions): Promise<void>;
  close(): Promise<void>;
  changed(): void;
}

export class ConnectingView {
  readonly #host: ConnectingHost;
  readonly #servers = need("servers", HTMLTextAreaElement);
  readonly #kind = need("auth", HTMLSelectElement);
  readonly #fields = need("auth-fields", HTMLDivElement);
  readonly #button = need("connect", HTMLButtonElement);
  readonly #problem = need("connect-problem", HTMLParagraphElement);
  #mode: "off" | "on" = "off";

  constructor(host: ConnectingHost) {
    this.#host = host;
    const form = need("connect-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#mode === "on") void host.close();
      else void this.connect();
    });
    // The list is one line to whoever types it.
    this.#servers.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      form.requestSubmit();
    });
    this.#servers.addEventListener("input", () => this.#fit());
    this.#servers.addEventListener("change", () => host.changed());
    this.#kind.addEventListener("change", () => {
      this.#showFields();
      host.changed();
    });
  }

  get servers(): string {
    return this.#servers.value.trim();
  }

  get credentials(): CredentialsKind {
    return CREDENTIALS.find((one) => one === this.#kind.value) ?? "none";
  }

  fill(servers: string, credentials: CredentialsKind): void {
    this.#servers.value = servers.replaceAll(",", ", ");
    this.#kind.value = credentials;
    this.#fit();
    this.#showFields();
  }

  /** What the button does next. */
  show(mode: "off" | "on"): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#button.textContent = mode === "on" ? "Disconnect" : "Connect";
    this.#button.classList.toggle("primary", mode === "off");
    this.#servers.readOnly = mode === "on";
    this.#kind.disabled = mode === "on";
    for (const field of this.#inputs()) field.readOnly = mode === "on";
  }

  async connect(): Promise<void> {
    tell(this.#problem, "");
    this.#host.changed();
    try {
      if (this.servers === "") throw new Error("Which server? For instance ws://127.0.0.1:8080");
      const values = Object.fromEntries(this.#inputs().map(({ name, value }) => [name, value]));
      await this.#host.open({ servers: this.servers, ...credentialOptions(this.credentials, values) });
    } catch (error) {
      tell(this.#problem, sentence(error));
    }
  }

  #showFields(): void {
    this.#fields.replaceChildren(
      ...FIELDS[this.credentials].map(({ name, label, secret, lines }) => {
        const shared = { name, autocomplete: "off", spellcheck: "false", autocapitalize: "off" };
        const field =
          lines === true
            ? make("textarea", { ...shared, rows: "4", class: "secret" })
            : make("input", { ...shared, type: secret ? "password" : "text" });
        return make("label", {}, label, field);
      }),
    );
  }

  #inputs(): readonly (HTMLInputElement | HTMLTextAreaElement)[] {
    return [...this.#fields.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")];
  }

  /** As high as what is in it. */
  #fit(): void {
    this.#servers.style.height = "auto";
    this.#servers.style.height = `${this.#servers.scrollHeight + 2}px`;
  }
}
