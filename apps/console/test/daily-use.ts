// The page in a real browser, on real servers: what everybody does with it, and the outages that cost little time. The slow ones are
// in long-outages.ts.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BrokerCluster, FaultProxy, RealServer } from "@myelin/testing";
import { expect, it, onTestFinished } from "vitest";
import { IdleCutter } from "../../runtimes/src/idle-cutter.js";
import {
  badNews,
  cluster,
  connected,
  eventually,
  nodeAt,
  noteWaking,
  oneSocket,
  program,
  publish,
  recovery,
  type Studio,
  shows,
  subscribe,
  told,
} from "./stage.js";

const RECOVERY_MS = 5_000;

async function alone(config = ""): Promise<RealServer> {
  const server = await RealServer.start({ websocket: true, config });
  onTestFinished(() => server.stop());
  return server;
}

const url = ({ port }: { readonly port: number }): string => `ws://127.0.0.1:${port}`;

export function dailyUse(studio: Studio): void {
  const { browser } = studio;

  it(`P25: ${browser} connects by the form, learns the cluster, subscribes, publishes, asks, and shows what comes`, async () => {
    const nodes = await cluster();
    const desk = await studio.open();
    const { page } = desk;
    await page.fill("#servers", nodes.server(0).websocketUrl);
    await page.press("#servers", "Enter");
    await connected(desk);
    expect(await page.textContent("#state-detail")).toMatch(/, nats-server \d/);
    expect(await page.isVisible("#stand-in")).toBe(false);
    await eventually(() => page.locator("#servers-list li").count()).toBe(3);
    await eventually(() => page.textContent("#count-rtt")).toMatch(/ m?s$/);
    await subscribe(desk, "orders.*");
    await page.click("summary:has-text('Headers')");
    await page.fill("#pub-headers", "Trace-Id: 7f3a\nCity: Zürich");
    await publish(desk, "orders.new", '{"id":42}');
    await shows(desk, "orders.*", '{"id":42}');
    const item = page.getByRole("list", { name: "Messages of orders.*" }).locator("li").first();
    await item.locator("summary").press("Enter");
    await eventually(() => item.textContent()).toContain("Trace-Id: 7f3a\nCity: Zürich");
    expect(await item.textContent()).toContain('{\n  "id": 42\n}');
    const other = await program(nodes.urls);
    other.subscribe("time", { callback: (_error, msg) => void msg.respond("noon") });
    await other.flush();
    await page.fill("#pub-subject", "time");
    await page.click("#request");
    await eventually(() => page.textContent("#answer")).toMatch(/Answer from time after [\d.]+ m?s, 4 B\s*noon/);
    await page.fill("#pub-subject", "nobody");
    await page.click("#request");
    await eventually(() => page.textContent("#publish-problem")).toMatch(/nobody/);
    // A link to all of that, which opens as it is.
    const link = page.url();
    await page.goto("about:blank");
    await page.goto(link);
    await connected(desk);
    other.publish("orders.old", "from elsewhere");
    await shows(desk, "orders.*", "from elsewhere");
    expect([await badNews(desk), desk.complaints]).toEqual([[], []]);
  });

  it("a paused subscription counts on and shows what it held; another format shows the same bytes", async () => {
    const server = await alone();
    const desk = await studio.open({ servers: server.websocketUrl, subjects: ["a.>"], connect: true });
    const { page } = desk;
    await connected(desk);
    await publish(desk, "a.b", "one");
    await shows(desk, "a.>", "one");
    await page.click("text=Pause");
    await publish(desk, "a.b.c", "two");
    await eventually(() => page.locator("article button[aria-pressed]").textContent()).toBe("Resume (1 new)");
    await page.selectOption("#format", "hex");
    await shows(desk, "a.>", "6f 6e 65");
    expect(await page.locator(".messages li").count()).toBe(1);
    await page.click("text=Resume");
    await shows(desk, "a.>", "74 77 6f");
    expect(await page.locator(".messages li").count()).toBe(2);
    await page.click("[aria-label='Unsubscribe from a.>']");
    expect(await page.locator("article").count()).toBe(0);
    await eventually(async () => (await server.connz()).connections[0]?.subscriptions).toBe(0);
    // Another link in the same tab is followed; the way to the messages is none.
    await page.press("#skip", "Enter");
    expect(page.url()).toContain("#servers=");
    await page.evaluate("location.hash = '#to=a.z&theme=dark'");
    await eventually(() => page.inputValue("#pub-subject")).toBe("a.z");
    expect(await page.getAttribute("html", "data-theme")).toBe("dark");
  });

  it("credentials let it in, and stay out of the address and of every storage; wrong ones are told of", async () => {
    const server = await alone("authorization { user: ann, password: hunter2 }");
    const desk = await studio.open({ servers: server.websocketUrl, credentials: "password" });
    const { page } = desk;
    await page.fill("[name=user]", "ann");
    await page.fill("[name=pass]", "wrong");
    await page.click("#connect");
    await told(desk, /did not work: .*[Aa]uthorization/);
    await told(desk, /The connection is closed for good: .*[Aa]uthorization/);
    await page.fill("[name=pass]", "hunter2");
    await page.click("#connect");
    await connected(desk);
    await page.click("text=Disconnect");
    await page.fill("#servers", `ws://ann:hunter2@${server.host}:${server.websocketPort}/?token=s3cret`);
    await page.selectOption("#auth", "none");
    await page.click("#connect");
    await connected(desk);
    expect(page.url()).toContain(`servers=${server.websocketUrl}`);
    expect(page.url()).not.toMatch(/hunter2|ann|s3cret/);
    const stored = "JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])";
    expect(await page.evaluate(stored)).toBe('[0,0,""]');
    expect(desk.complaints).toEqual([]);
  });

  it(`P25: ${browser}: a killed server is told of, another one takes over, messages go on, and one socket is open`, async () => {
    const nodes = await cluster();
    const desk = await studio.open({ servers: nodes.server(0).websocketUrl, subjects: ["orders.*"], connect: true });
    const first = nodeAt(nodes.servers, await connected(desk));
    await eventually(() => desk.page.locator("#servers-list li").count()).toBe(3);
    await first.kill();
    await told(desk, new RegExp(`Lost 127.0.0.1:${first.websocketPort}: .*without a close frame`));
    await told(desk, /serves us now/);
    const second = nodeAt(nodes.servers, await connected(desk));
    expect(second).not.toBe(first);
    await publish(desk, "orders.new", "goes on");
    await shows(desk, "orders.*", "goes on");
    await oneSocket(nodes.servers);
    await eventually(() => desk.page.textContent("#count-reconnects")).toBe("1");
    expect(desk.complaints).toEqual([]);
  });

  it(`${browser}: with brokers only it says that they are stand-ins, and one that is killed is left for another, which goes on`, async () => {
    const brokers = await BrokerCluster.listen({ websocket: true, name: "stand-in" });
    onTestFinished(() => brokers.stop());
    const desk = await studio.open({
      servers: brokers.server(0).websocketUrl,
      subjects: ["orders.*"],
      connect: true,
    });
    const { page } = desk;
    const first = nodeAt(brokers.servers, await connected(desk));
    await eventually(() => page.locator("#servers-list li").count()).toBe(3);
    const standIn = page.getByRole("note");
    expect(await standIn.textContent()).toMatch(/Stand-ins.*brokers of @myelin\/testing/s);
    expect(await page.textContent("#state-detail")).toMatch(/^stand-in-1, a stand-in for nats-server \d/);
    await first.kill();
    await told(desk, new RegExp(`Lost 127.0.0.1:${first.websocketPort}: .*without a close frame`));
    await told(desk, /serves us now/);
    expect(nodeAt(brokers.servers, await connected(desk))).not.toBe(first);
    expect(await standIn.isVisible()).toBe(true);
    await publish(desk, "orders.new", "goes on");
    await shows(desk, "orders.*", "goes on");
    await first.restart();
    await brokers.waitForMesh();
    await eventually(() => page.locator("#servers-list li").count()).toBe(3);
    await oneSocket(brokers.servers);
    expect(desk.complaints).toEqual([]);
    // Of a server elsewhere it must not be said.
    const server = await alone();
    await page.click("text=Disconnect");
    await page.fill("#servers", server.websocketUrl);
    await page.press("#servers", "Enter");
    await eventually(() => page.textContent("#state")).toBe(`connected to 127.0.0.1:${server.websocketPort}`);
    await eventually(() => standIn.count()).toBe(0);
  });

  it(`P25: ${browser}: offline, then online: it is back within five seconds, with one socket`, async () => {
    const server = await alone();
    const proxy = await FaultProxy.start({ target: { port: server.websocketPort ?? 0 } });
    onTestFinished(() => proxy.stop());
    const desk = await studio.open({ servers: url(proxy), subjects: ["orders.*"], connect: true });
    await connected(desk);
    await noteWaking(desk);
    // The browser says so, and nothing passes in either direction.
    await desk.context.setOffline(true);
    proxy.faults.blackHole();
    await publish(desk, "orders.new", "kept");
    proxy.faults.reset();
    await told(desk, /Lost 127\.0\.0\.1/);
    await told(desk, /did not work/);
    proxy.faults.heal();
    await desk.context.setOffline(false);
    expect(await recovery(desk)).toBeLessThan(RECOVERY_MS);
    await publish(desk, "orders.new", "back");
    await shows(desk, "orders.*", "back");
    await oneSocket([server]);
    expect(desk.complaints).toEqual([]);
  });

  it(`P25: ${browser}: a link that fell silent while offline is given up within two seconds of being online`, async () => {
    const server = await alone();
    const proxy = await FaultProxy.start({ target: { port: server.websocketPort ?? 0 } });
    onTestFinished(() => proxy.stop());
    const desk = await studio.open({ servers: url(proxy), connect: true });
    await connected(desk);
    await noteWaking(desk);
    await desk.context.setOffline(true);
    const [silent] = proxy.links;
    silent?.faults.silence();
    await desk.context.setOffline(false);
    await told(desk, /Lost 127\.0\.0\.1/);
    expect(await recovery(desk)).toBeLessThan(RECOVERY_MS);
    silent?.faults.reset();
    await oneSocket([server]);
  });

  it(`P25: ${browser}: a proxy that cuts idle sockets costs a reconnect that says what to do, and no second socket`, async () => {
    const server = await alone();
    const cutter = await IdleCutter.start({ port: server.websocketPort ?? 0 });
    onTestFinished(() => cutter.stop());
    const desk = await studio.open({ servers: url(cutter.proxy), subjects: ["orders.*"], connect: true });
    await told(desk, /without a close frame.*pingInterval below the proxy's idle time/);
    await told(desk, /serves us now/);
    cutter.pass();
    await connected(desk);
    await publish(desk, "orders.new", "on");
    await shows(desk, "orders.*", "on");
    await oneSocket([server]);
    expect(desk.complaints).toEqual([]);
  });

  it(`${browser}: bad servers are told of in a sentence each, and passed over; TCP is refused before anything is dialled`, async () => {
    const server = await alone();
    const web = createServer((_request, response) => void response.writeHead(404).end("<h1>not here</h1>"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => new Promise<void>((resolve) => web.close(() => resolve())));
    const desk = await studio.open();
    const { page } = desk;
    await page.fill("#servers", server.url);
    await page.press("#servers", "Enter");
    await eventually(() => page.textContent("#connect-problem")).toMatch(
      /nothing here dials nats:\/\/; known are ws, wss/,
    );
    await page.fill("#servers", "ws://host:port:again");
    await page.press("#servers", "Enter");
    await eventually(() => page.textContent("#connect-problem")).toMatch(/servers: /);
    expect(await page.textContent("#state")).toBe("not connected");
    const bad = [(web.address() as AddressInfo).port, server.port];
    for (const port of bad) {
      await page.fill("#servers", url({ port }));
      await page.press("#servers", "Enter");
      await told(desk, new RegExp(`127.0.0.1:${port} did not work: .*check host, port and path`));
      await page.click("text=Disconnect");
    }
    await page.fill("#servers", [...bad.map((port) => url({ port })), server.websocketUrl].join(", "));
    await page.press("#servers", "Enter");
    await connected(desk);
    expect(desk.complaints).toEqual([]);
  });
}
