// A standalone component that asks over WebSocket, of the server in the address of the page, and answers itself.

import { Component, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { type ConnectionOptions, connect, createInbox, type NatsConnection } from "myelin";

@Component({ selector: "app-page", template: `<p id="browser">{{ said() }}</p>` })
class Page {
  protected readonly said = signal("");

  constructor() {
    this.#ask().then(
      (said) => this.said.set(said),
      (error: unknown) => this.said.set(`failed: ${String(error)}`),
    );
  }

  async #ask(): Promise<string> {
    const servers = new URLSearchParams(location.search).get("servers") ?? "";
    const options: ConnectionOptions = { servers, timeout: 20_000 };
    // @ts-expect-error: types reach the application, so that what is no option is refused
    const wrong: ConnectionOptions = { servers: 7 };
    const nc: NatsConnection = await connect(wrong === undefined ? {} : options);
    const subject = createInbox();
    nc.subscribe(subject, { callback: (_error, msg) => void msg.respond(msg.data) });
    const answered = await nc.request(subject, "hello", { timeout: 20_000 });
    await nc.close();
    return `answered: ${answered.string()}`;
  }
}

await bootstrapApplication(Page);
