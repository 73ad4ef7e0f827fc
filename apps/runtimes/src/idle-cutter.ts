// A proxy before a server, as load balancers are: it breaks every link on which nothing has moved for a while, and tells nobody. It
// counts looks and not time, so that a machine that is slow to let a client write is slow to cut it as well.

import { FaultProxy, type FaultProxyOptions, type ProxyLink } from "@myelin/testing";

const LOOK_MS = 50;
/** Looks in a row at which nothing had moved. */
const IDLE_LOOKS = 8;

export class IdleCutter {
  readonly proxy: FaultProxy;
  readonly #seen = new WeakMap<ProxyLink, { bytes: number; looks: number }>();
  readonly #timer: NodeJS.Timeout;
  #mode: "cut" | "pass" = "cut";

  private constructor(proxy: FaultProxy) {
    this.proxy = proxy;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  static async start(target: FaultProxyOptions["target"]): Promise<IdleCutter> {
    return new IdleCutter(await FaultProxy.start({ target }));
  }

  /** From now on it cuts nobody. */
  pass(): void {
    this.#mode = "pass";
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.proxy.stop();
  }

  #look(): void {
    if (this.#mode === "pass") return;
    for (const link of this.proxy.links) {
      const bytes = link.bytesToClient + link.bytesToServer;
      const last = this.#seen.get(link);
      if (last === undefined || last.bytes !== bytes) this.#seen.set(link, { bytes, looks: 0 });
      else if (++last.looks >= IDLE_LOOKS) link.faults.reset();
    }
  }
}
