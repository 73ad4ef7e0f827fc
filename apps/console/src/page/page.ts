// The page: its parts, wired. What each shows and does is its own business; the state that a link can hold is kept in the address.

import type { ConnectionOptions, NatsConnection, StatusEvent } from "myelin";
import { Cluster } from "./cluster.js";
import { need } from "./dom.js";
import { hashOf, type Settings, settingsOf } from "./settings.js";
import { ThemeSwitch } from "./theme.js";
import { ConnectingView } from "./views/connecting.js";
import { HeaderView } from "./views/header.js";
import { LogView } from "./views/log.js";
import { PublishingView } from "./views/publishing.js";
import { ServersView } from "./views/servers.js";
import { SubscriptionsView } from "./views/subscriptions.js";
import { entryOf } from "./words.js";

/** Fast enough for a countdown, slow enough to read. */
const TICK_MS = 200;

class Page {
  readonly #cluster = new Cluster(this);
  readonly #header = new HeaderView();
  readonly #servers = new ServersView();
  readonly #log = new LogView();
  readonly #theme = new ThemeSwitch(() => this.changed());
  readonly #connecting = new ConnectingView(this);
  readonly #subscriptions = new SubscriptionsView(this);
  readonly #publishing = new PublishingView(this);
  // To be connected when a link to this page opens.
  #connect: boolean;

  constructor(settings: Settings) {
    this.#connect = settings.connect;
    this.#theme.theme = settings.theme;
    this.#connecting.fill(settings.servers, settings.credentials);
    this.#subscriptions.format = settings.format;
    this.#publishing.to = settings.to;
    for (const subject of [...settings.subjects].reverse()) this.#subscriptions.add(subject);
    setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
    if (settings.connect) void this.#connecting.connect();
  }

  get connection(): NatsConnection | undefined {
    return this.#cluster.connection;
  }

  get format(): Settings["format"] {
    return this.#subscriptions.format;
  }

  async open(options: ConnectionOptions): Promise<void> {
    await this.#cluster.open({ name: "myelin console", ...options });
    this.#connect = true;
    this.changed();
  }

  async close(): Promise<void> {
    this.#connect = false;
    await this.#cluster.close();
    this.changed();
  }

  began(nc: NatsConnection): void {
    this.#subscriptions.begin(nc);
    this.#tick();
  }

  happened(event: StatusEvent): void {
    const entry = entryOf(event);
    if (entry !== undefined) this.#log.add(entry, new Date());
    this.#tick();
  }

  /** Writes the address. */
  changed(): void {
    const hash = hashOf({
      servers: this.#connecting.servers,
      credentials: this.#connecting.credentials,
      subjects: this.#subscriptions.subjects,
      to: this.#publishing.to,
      format: this.#subscriptions.format,
      theme: this.#theme.theme,
      connect: this.#connect,
    });
    history.replaceState(null, "", hash === "" ? location.pathname : `#${hash}`);
  }

  #tick(): void {
    const now = performance.now();
    const { connection, meter } = this.#cluster;
    const stats = this.#cluster.measure(now);
    this.#connecting.show(connection === undefined ? "off" : "on");
    this.#header.show(connection, stats);
    this.#header.draw(meter, now);
    this.#servers.show(connection?.getServers() ?? [], now, this.#cluster.arrival);
    this.#subscriptions.show(now);
  }
}

new Page(settingsOf(location.hash));
// Another link in the same tab. What the page itself writes there tells nobody.
addEventListener("hashchange", () => location.reload());
// Followed as a link it would put itself in place of the settings.
need("skip", HTMLAnchorElement).addEventListener("click", (event) => {
  event.preventDefault();
  need("messages", HTMLElement).focus();
});
