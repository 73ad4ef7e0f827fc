// The page in a real browser through outages that take long: a cluster restarted under load, and servers that are away.

import { FaultProxy, RealServer } from "@myelin/testing";
import { delay } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { nodeOf } from "../src/cluster.js";
import { type Node, obey } from "../src/nodes.js";
import {
  badNews,
  cluster,
  connected,
  type Desk,
  eventually,
  noteWaking,
  oneSocket,
  program,
  recovery,
  type Studio,
  told,
} from "./stage.js";

const RECOVERY_MS = 5_000;
/**
 * Firefox keeps back a dial of an address that failed n times in a row until about 0.3 s · 1.5ⁿ, at most a minute, after the last failure.
 * No page can shorten that; n is below 12 here.
 */
const RECOVERY_AFTER_FAILURES_MS = { Chromium: RECOVERY_MS, Firefox: 40_000 } as const;
/** For waits to grow that long. */
const LONG_MS = 90_000;
const SUBJECT = "numbers";

/** How often that failed since it lost its server. */
function attempts({ page }: Desk): Promise<number> {
  return page.locator("#log .text", { hasText: "did not work" }).count();
}

/** How often it has begun to try. */
function tries({ page }: Desk): Promise<number> {
  return page.locator("#log .text", { hasText: /^Trying / }).count();
}

/** Milliseconds until its server is tried again. */
async function countdown({ page }: Desk): Promise<number> {
  const texts = await page.locator("#servers-list .next").allTextContents();
  const waits = texts.map((text) => {
    const [, value = "0", unit] = /in ([\d.]+) (ms|s)/.exec(text) ?? [];
    return Number(value) * (unit === "s" ? 1_000 : 1);
  });
  return Math.min(...waits);
}

/** The page's numbers, of all it ever received there. */
async function received({ page }: Desk): Promise<number> {
  const text = (await page.locator("article .figures").textContent()) ?? "";
  return Number(/([\d,]+) messages?/.exec(text)?.[1]?.replaceAll(",", "") ?? Number.NaN);
}

export function rollingRestart(studio: Studio): void {
  const { browser } = studio;

  it(`P25: ${browser}: a rolling restart of a WebSocket cluster loses no message and shows no error`, async () => {
    const nodes = await cluster();
    const desk = await studio.open({ servers: nodes.server(0).websocketUrl, subjects: [SUBJECT], connect: true });
    await connected(desk);
    await eventually(() => desk.page.locator("#servers-list li").count()).toBe(3);
    const sender = await program(nodes.urls);
    const lost: string[] = [];
    sender.on("disconnect", () => void lost.push("the sender lost its link: what was in flight may be gone"));
    let sent = 0;
    let rolling = true;
    const sending = (async () => {
      while (rolling && !sender.isClosed()) {
        sender.publish(SUBJECT, String(++sent));
        await delay(5);
      }
    })();
    const restarted: Node[] = nodes.servers.map(nodeOf);
    for (const node of restarted) {
      await obey(`roll ${restarted.indexOf(node) + 1}`, restarted, delay);
      await nodes.waitForMesh();
      // Both have seen the node come back before the next one goes.
      await eventually(() => desk.page.locator('#servers-list [data-health="ready"]').count()).toBe(2);
      await eventually(() => sender.getServers().filter(({ lameDuck }) => !lameDuck).length).toBe(3);
    }
    rolling = false;
    await sending;
    await sender.flush();
    expect(lost).toEqual([]);
    await eventually(() => received(desk)).toBe(sent);
    expect(sent).toBeGreaterThan(500);
    expect(await badNews(desk)).toEqual([]);
    expect(desk.complaints).toEqual([]);
    await told(desk, /Moved from .* without an interruption, because it leaves/);
    await oneSocket(nodes.servers);
  });
}

/** What wakes a page, in words, and how it is made to happen. */
type Waking = readonly [what: string, wake: (desk: Desk) => Promise<unknown>];

export const comingOnline: Waking = [
  "a browser that comes online",
  async ({ context }) => {
    await context.setOffline(true);
    await context.setOffline(false);
  },
];

export const beingLookedAt: Waking = [
  "a look at the page",
  ({ page }) => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))"),
];

export function longAbsence(studio: Studio, ...wakings: readonly Waking[]): void {
  const { browser } = studio;

  // Minutes in seconds: it goes on until a wait is longer than what is allowed for coming back, so that only being woken explains it.
  it.each(wakings)(
    `P25: ${browser}: a server that is long away is tried less and less often, and %s wakes it`,
    async (_what, wake) => {
      const server = await RealServer.start({ websocket: true });
      onTestFinished(() => server.stop());
      const proxy = await FaultProxy.start({ target: { port: server.websocketPort ?? 0 } });
      onTestFinished(() => proxy.stop());
      const desk = await studio.open({ servers: `ws://127.0.0.1:${proxy.port}`, subjects: [SUBJECT], connect: true });
      await connected(desk);
      proxy.faults.refuse();
      proxy.faults.reset();
      await told(desk, /Lost/);
      await eventually(() => countdown(desk), LONG_MS).toBeGreaterThan(RECOVERY_MS + 3_000);
      // Waits from half a second on: far from a busy loop.
      expect(await attempts(desk)).toBeLessThan(30);
      await noteWaking(desk);
      proxy.faults.heal();
      const before = await tries(desk);
      await wake(desk);
      await eventually(() => tries(desk), RECOVERY_MS).toBeGreaterThan(before);
      const most = RECOVERY_AFTER_FAILURES_MS[browser];
      expect(await recovery(desk, most)).toBeLessThan(most);
      const sender = await program([server.url]);
      sender.publish(SUBJECT, "back");
      await eventually(() => received(desk)).toBe(1);
      await oneSocket([server]);
      expect(desk.complaints).toEqual([]);
    },
  );
}
