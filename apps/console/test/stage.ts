// A browser, the page in it, and what is asked of both: shared by the quick tests and by those that take long. Every page, server and
// proxy ends with the test that opened it; every wait is for a condition.

import { type Broker, RealCluster, type RealServer } from "@myelin/testing";
import { connect, type NatsConnection } from "myelin";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { InstalledBrowser } from "../../runtimes/src/browsers.js";
import { BLANK, hashOf, type Settings } from "../src/page/settings.js";
import { type ServedPage, servePage } from "../src/served.js";

/** Default bound of every wait here. */
const PATIENCE = 20_000;

/** The page as its user has it. */
export interface Desk {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What no page of ours may say: errors that escaped, and what the policy forbade. */
  readonly complaints: readonly string[];
}

export interface Studio {
  readonly browser: InstalledBrowser["name"];
  open(settings?: Partial<Settings>): Promise<Desk>;
}

/** Runs the tests in a browser that is installed; where there is none, says so and skips them. */
export function inBrowser(
  { find, launch, missing, name, ownWords }: InstalledBrowser,
  tests: (studio: Studio) => void,
): void {
  const executablePath = find();
  if (executablePath === undefined) {
    process.stderr.write(`the page is not tested in ${name}: ${missing}\n`);
    it.skip(`${name}: skipped: ${missing}`, () => {});
    return;
  }
  let browser: Browser | undefined;
  let served: ServedPage | undefined;
  beforeAll(async () => {
    served = await servePage();
    browser = await launch(executablePath);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.stop();
  });
  tests({
    browser: name,
    async open(settings = {}) {
      if (browser === undefined || served === undefined) throw new Error("there is no browser");
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      const complaints: string[] = [];
      const complain = (words: string): void => {
        if (!ownWords.test(words)) complaints.push(words);
      };
      page.on("pageerror", (error) => complain(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") complain(message.text());
      });
      const hash = hashOf({ ...BLANK, ...settings });
      await page.goto(`${served.url}${hash === "" ? "" : `#${hash}`}`);
      return { page, context, complaints };
    },
  });
}

/** `expect` on what `look` gives, asked again until it holds. */
export function eventually<T>(look: () => T | Promise<T>, ms: number = PATIENCE): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: ms, interval: 25 });
}

/** A cluster with websocket listeners. */
export async function cluster(size = 3): Promise<RealCluster> {
  const nodes = await RealCluster.start({ size, websocket: true, lameDuckGracePeriod: 10 });
  onTestFinished(() => nodes.stop());
  return nodes;
}

/** A program on the other side, over TCP. */
export async function program(servers: readonly string[]): Promise<NatsConnection> {
  const nc = await connect({ servers });
  onTestFinished(() => nc.close());
  return nc;
}

/** Waits until the page says that it is connected; resolves with the server's `host:port`. */
export async function connected({ page }: Desk): Promise<string> {
  await eventually(() => page.textContent("#state")).toMatch(/^connected to /);
  return ((await page.textContent("#state")) ?? "").replace("connected to ", "");
}

/** Waits until the log has a sentence. */
export async function told({ page }: Desk, sentence: RegExp, ms?: number): Promise<void> {
  await eventually(() => page.locator("#log li").allInnerTexts(), ms).toContainEqual(expect.stringMatching(sentence));
}

/** What the log says that is bad news. */
export function badNews({ page }: Desk): Promise<string[]> {
  return page.locator('#log [data-tone="bad"] .text').allInnerTexts();
}

/** From now on the page remembers when it was last woken. */
export async function noteWaking({ page }: Desk): Promise<void> {
  await page.evaluate(
    "for (const [on, type] of [[globalThis, 'online'], [document, 'visibilitychange']]) on.addEventListener(type, () => { wokenAt = Date.now(); }); globalThis.wokenAt = 0;",
  );
}

/** Milliseconds from when the page was woken until it had a server again, on the page's own clock. Waits for that. */
export async function recovery(desk: Desk, ms?: number): Promise<number> {
  await told(desk, /serves us now/, ms);
  await connected(desk);
  const back = desk.page.locator("#log li", { hasText: "serves us now" }).first().locator("time");
  return Date.parse((await back.getAttribute("datetime")) ?? "") - Number(await desk.page.evaluate("wokenAt"));
}

/** Subscribes, and waits until the server knows. */
export async function subscribe({ page }: Desk, subject: string): Promise<void> {
  await page.fill("#sub-subject", subject);
  await page.press("#sub-subject", "Enter");
  await page.getByRole("article", { name: `Subscription to ${subject}` }).waitFor();
}

export async function publish({ page }: Desk, subject: string, payload: string): Promise<void> {
  await page.fill("#pub-subject", subject);
  await page.fill("#pub-payload", payload);
  await page.click("#publish");
}

/** Waits until a message with this payload is in the list of a subscription. */
export async function shows({ page }: Desk, subject: string, payload: string): Promise<void> {
  const list = page.getByRole("list", { name: `Messages of ${subject}` });
  await list.locator(".payload", { hasText: payload }).first().waitFor();
}

/** Waits until these servers, asked one by one, have one websocket of the page between them. */
export async function oneSocket(servers: readonly (RealServer | Broker)[]): Promise<void> {
  const clients = async (server: RealServer | Broker): Promise<readonly { readonly name?: string | undefined }[]> =>
    "connz" in server ? (await server.connz()).connections : server.connections;
  const sockets = async (): Promise<number> => {
    const all = await Promise.all(servers.filter(({ running }) => running).map(clients));
    return all.flat().filter(({ name }) => name === "myelin console").length;
  };
  await eventually(sockets).toBe(1);
}

/** The one whose websocket listener is at `host:port`. */
export function nodeAt<S extends RealServer | Broker>(servers: readonly S[], address: string): S {
  const found = servers.find(({ websocketUrl }) => websocketUrl === `ws://${address}`);
  if (found === undefined) throw new Error(`no node listens at ${address}`);
  return found;
}
