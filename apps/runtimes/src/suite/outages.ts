// With servers that go: killed, restarted one after the other, left in order, or never there.

import type { LightConnection } from "@myelin/light";
import { delay, isNatsError, type NatsConnection } from "myelin";
import { full, type Scenario, type Stage, same, until } from "./stage.js";

/** From when the network is back. */
const RECOVERY_MS = 5_000;

export const outages: readonly Scenario[] = [
  { name: "no server there", play: fails },
  { name: "server killed", play: recovers },
  { name: "server stopped", play: isLeft },
  { name: "long absence", play: waitsLong },
  { name: "idle cut by a proxy", play: isCut },
  { name: "handover", needs: full, play: moves },
  { name: "rolling restart of three", needs: (door) => !/tls|wss/.test(door), play: rolls },
];

async function fails(stage: Stage): Promise<void> {
  const served = await stage.serve();
  await stage.backstage.kill(served);
  const { connect, ConnectError } = stage.client;
  const error = await connect(await stage.options(served)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError && isNatsError(error))) throw new Error(`not a ConnectError: ${error}`);
  same("attempts", error.attempts.length, 1);
  if (error.message === "" || error.code === "") throw new Error("the error says nothing");
}

async function recovers(stage: Stage): Promise<void> {
  const served = await stage.serve();
  const nc = await stage.open(served, { name: stage.subject });
  const heard: string[] = [];
  nc.subscribe(stage.subject, { callback: (_error, msg) => void heard.push(msg.string()) });
  await nc.flush();
  for (const round of [1, 2]) {
    const events: string[] = [];
    const stops = (["disconnect", "reconnect"] as const).map((type) => nc.on(type, () => void events.push(type)));
    await stage.backstage.kill(served);
    await until("the loss is noticed", () => events.includes("disconnect"));
    nc.publish(stage.subject, `kept ${round}`);
    await delay(300);
    await stage.backstage.restart(served);
    await until("it is back", () => events.includes("reconnect"));
    await until("what was kept is heard", () => heard.includes(`kept ${round}`));
    nc.publish(stage.subject, `after ${round}`);
    await until("what came after is heard", () => heard.includes(`after ${round}`));
    same("events", events, ["disconnect", "reconnect"]);
    await until("one connection", async () => (await stage.backstage.connections(served, stage.subject)) === 1);
    for (const stop of stops) stop();
  }
  same("each once", heard, ["kept 1", "after 1", "kept 2", "after 2"]);
}

/** A server that stops in order says goodbye, which over a WebSocket is a close frame: its end is none of a server that died. */
async function isLeft(stage: Stage): Promise<void> {
  const served = await stage.serve();
  const nc = await stage.open(served, { name: stage.subject });
  const endings: string[] = [];
  nc.on(
    "disconnect",
    ({ error }) => void endings.push((error as { readonly code?: string } | undefined)?.code ?? `${error}`),
  );
  await nc.flush();
  await stage.backstage.restart(served);
  await until("it is back", () => endings.length > 0 && nc.state === "connected");
  await nc.flush();
  if (stage.overWebSocket) same("how it ended", endings, ["CONNECTION_ERROR"]);
  await until("one connection", async () => (await stage.backstage.connections(served, stage.subject)) === 1);
}

/** A server that is away for minutes, in seconds: several attempts fail, and their waits are those of an absence of any length. */
async function waitsLong(stage: Stage): Promise<void> {
  const served = await stage.serve();
  const options = { name: stage.subject, reconnectTimeWait: 1_000, reconnectJitter: 100, reconnectJitterTLS: 100 };
  const nc = await stage.open(served, options);
  const heard: string[] = [];
  nc.subscribe(stage.subject, { callback: (_error, msg) => void heard.push(msg.string()) });
  await nc.flush();
  let failed = 0;
  nc.on("attemptFailed", () => void failed++);
  await stage.backstage.kill(served);
  await until("the loss is noticed", () => nc.state !== "connected");
  nc.publish(stage.subject, "kept");
  const begin = performance.now();
  await until("several attempts failed", () => failed >= 4);
  const away = performance.now() - begin;
  // Four failures have three waits between them.
  if (away < 2_900) throw new Error(`four attempts within ${Math.round(away)} ms: they must wait a second each`);
  await stage.backstage.restart(served);
  const back = performance.now();
  await until("it is back", () => nc.state === "connected");
  inTime("recovery", performance.now() - back);
  await until("what was kept is heard", () => heard.length > 0);
  same("heard", heard, ["kept"]);
  await until("one connection", async () => (await stage.backstage.connections(served, stage.subject)) === 1);
}

/** Between the client and its server stands something that cuts what is idle, twice, and no ping is due before. */
async function isCut(stage: Stage): Promise<void> {
  const served = await stage.serve();
  const behind = await stage.backstage.behindCutter(served);
  const nc = await stage.open(behind, { name: stage.subject, pingInterval: 60_000 });
  const heard: string[] = [];
  nc.subscribe(stage.subject, { callback: (_error, msg) => void heard.push(msg.string()) });
  const events: string[] = [];
  const outages: number[] = [];
  let lostAt = 0;
  nc.on("disconnect", ({ error }) => {
    events.push("disconnect");
    lostAt = performance.now();
    const { code } = (error ?? {}) as { readonly code?: string };
    if (code === undefined) events.push(`an end without a typed error: ${error}`);
  });
  nc.on("reconnect", () => {
    events.push("reconnect");
    outages.push(performance.now() - lostAt);
  });
  await until("it was cut twice", () => events.length >= 4);
  await stage.backstage.cutNoMore(served);
  await until("it is connected", () => nc.state === "connected");
  await nc.flush();
  nc.publish(stage.subject, "on");
  await until("a message is heard", () => heard.length > 0);
  same("heard", heard, ["on"]);
  for (const ms of outages) inTime("recovery", ms);
  same("events", events.slice(0, 4), ["disconnect", "reconnect", "disconnect", "reconnect"]);
  await until("one connection", async () => (await stage.backstage.connections(served, stage.subject)) === 1);
}

function inTime(what: string, ms: number): void {
  if (ms > RECOVERY_MS) throw new Error(`${what} took ${Math.round(ms)} ms, more than ${RECOVERY_MS}`);
}

async function moves(stage: Stage): Promise<void> {
  const served = await stage.serve();
  const publisher = await stage.openFull(served);
  const nc = await stage.openFull(served, { name: stage.subject });
  const heard: string[] = [];
  const events: string[] = [];
  nc.on("disconnect", () => void events.push("disconnect"));
  nc.on("handover", ({ reason }) => void events.push(`handover ${reason}`));
  nc.subscribe(stage.subject, { callback: (_error, msg) => void heard.push(msg.string()) });
  await nc.flush();
  let moved = false;
  const move = nc.reconnect({ graceful: true }).finally(() => {
    moved = true;
  });
  const expected: string[] = [];
  for (let i = 0; i < 50 || !moved; i++) {
    expected.push(String(i));
    publisher.publish(stage.subject, String(i));
    await delay(5);
  }
  await move;
  await publisher.flush();
  await until("all are heard", () => heard.length >= expected.length);
  same("in order, once", heard, expected);
  same("events", events, ["handover requested"]);
  await until("one connection", async () => (await stage.backstage.connections(served, stage.subject)) === 1);
}

async function rolls(stage: Stage): Promise<void> {
  const served = await stage.serve("cluster");
  const [answering, asking] = [
    await stage.open(served, { name: `${stage.subject}.answering` }),
    await stage.open(served, { name: `${stage.subject}.asking` }),
  ];
  answering.subscribe(stage.subject, { callback: (_error, msg) => void msg.respond(msg.data) });
  await answering.flush();
  const before = [answering, asking].map(({ info }) => info?.server_id);
  for (const node of [0, 1, 2]) {
    await stage.backstage.restart(served, node);
    await until("an answer", () => answers(asking, stage.subject));
  }
  for (const [nc, name] of [
    [answering, "answering"],
    [asking, "asking"],
  ] as const) {
    // A server that was started again has another id.
    await until("a link", () => nc.info !== undefined);
    if (before.includes(nc.info?.server_id)) throw new Error(`${name} kept a link to a server that was stopped`);
    if ("getServers" in nc) await until("all three are known", () => (nc as NatsConnection).getServers().length === 3);
    const connections = (): Promise<number> => stage.backstage.connections(served, `${stage.subject}.${name}`);
    await until("one connection", async () => (await connections()) === 1);
  }
}

async function answers(nc: LightConnection, subject: string): Promise<boolean> {
  // No answer is what an outage looks like from here; only that it ends is asked for.
  return nc.request(subject, "x", { timeout: 1_000 }).then(
    () => true,
    () => false,
  );
}
