// With a server that stays: what every client does all day.

import { full, type Scenario, type Stage, same, until } from "./stage.js";

export const messaging: readonly Scenario[] = [
  { name: "connect, flush, close", play: connects },
  { name: "publish and subscribe", play: publishes },
  { name: "queue groups", play: queues },
  { name: "request", play: requests },
  { name: "requestMany", needs: full, play: requestsMany },
  { name: "headers", play: sendsHeaders },
  { name: "drain", play: drains },
];

async function connects(stage: Stage): Promise<void> {
  const served = await stage.shared();
  const nc = await stage.open(served, { name: stage.subject });
  await nc.flush();
  if (!((await nc.rtt()) >= 0)) throw new Error("rtt() gave no time");
  same("state", nc.state, "connected");
  same("server", nc.getServer(), stage.urls(served)[0]?.replace(/^\w+:\/\//, ""));
  same("connections", await stage.backstage.connections(served, stage.subject), 1);
  await nc.close();
  same("state", nc.state, "closed");
  await until("the server has forgotten it", async () => {
    return (await stage.backstage.connections(served, stage.subject)) === 0;
  });
}

async function publishes(stage: Stage): Promise<void> {
  const served = await stage.shared();
  const [a, b] = [await stage.open(served), await stage.open(served)];
  const heard: string[] = [];
  const sub = a.subscribe(`${stage.subject}.*`, { callback: (_error, msg) => void heard.push(msg.string()) });
  let large: Uint8Array = new Uint8Array();
  a.subscribe(`${stage.subject}.a.large`, {
    callback: (_error, msg) => {
      large = msg.data.slice();
    },
  });
  await a.flush();
  const expected = Array.from({ length: 1_000 }, (_, i) => `${i} Zürich`);
  for (const one of expected) b.publish(`${stage.subject}.x`, one);
  const payload = new Uint8Array(1_000_000).map((_, i) => i % 251);
  b.publish(`${stage.subject}.a.large`, payload);
  await until("all are heard", () => heard.length >= expected.length && large.length > 0);
  same("in order, once", heard, expected);
  same("large size", large.length, payload.length);
  if (!large.every((byte, i) => byte === i % 251)) throw new Error("the large payload is damaged");
  sub.unsubscribe();
  const iterated: string[] = [];
  const limited = a.subscribe(stage.subject, { max: 3 });
  await a.flush();
  for (let i = 0; i < 5; i++) b.publish(stage.subject, String(i));
  for await (const msg of limited) iterated.push(msg.string());
  same("iterated up to max", iterated, ["0", "1", "2"]);
}

async function queues(stage: Stage): Promise<void> {
  const served = await stage.shared();
  const members = await Promise.all([0, 1, 2].map(() => stage.open(served)));
  const heard = members.map(() => [] as string[]);
  members.forEach((nc, i) => {
    nc.subscribe(stage.subject, { queue: "q", callback: (_error, msg) => void heard[i]?.push(msg.string()) });
  });
  await Promise.all(members.map((nc) => nc.flush()));
  const expected = Array.from({ length: 90 }, (_, i) => String(i));
  for (const one of expected) members[0]?.publish(stage.subject, one);
  await until("all are heard", () => heard.flat().length >= expected.length);
  same(
    "each once",
    heard
      .flat()
      .map(Number)
      .sort((a, b) => a - b)
      .map(String),
    expected,
  );
  same("members that heard some", heard.filter((one) => one.length > 0).length, 3);
}

async function requests(stage: Stage): Promise<void> {
  const nc = await stage.open(await stage.shared());
  nc.subscribe(stage.subject, { callback: (_error, msg) => void msg.respond(`${msg.string()}!`) });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => nc.request(stage.subject, String(i), { timeout: 10_000 })),
  );
  same(
    "answers",
    answers.map((msg) => msg.string()),
    Array.from({ length: 50 }, (_, i) => `${i}!`),
  );
  const unanswered = await nc.request(`${stage.subject}.nobody`).then(
    () => "an answer",
    (error: unknown) => (error instanceof stage.client.NoRespondersError ? error.code : String(error)),
  );
  same("nobody there", unanswered, "NO_RESPONDERS");
}

async function requestsMany(stage: Stage): Promise<void> {
  const served = await stage.shared();
  const [asking, ...answering] = await Promise.all([0, 1, 2, 3].map(() => stage.openFull(served)));
  answering.forEach((nc, i) => {
    nc.subscribe(stage.subject, { callback: (_error, msg) => void msg.respond(String(i)) });
  });
  await Promise.all(answering.map((nc) => nc.flush()));
  const answers: string[] = [];
  const many = await asking?.requestMany(stage.subject, "", { maxMessages: 3, maxWait: 10_000 });
  for await (const msg of many ?? []) answers.push(msg.string());
  same("answers", answers.sort(), ["0", "1", "2"]);
}

async function sendsHeaders(stage: Stage): Promise<void> {
  const nc = await stage.open(await stage.shared());
  nc.subscribe(stage.subject, {
    callback: (_error, msg) => void msg.respond(msg.data, msg.headers === undefined ? {} : { headers: msg.headers }),
  });
  const sent = stage.client.headers();
  sent.append("Trace-Id", "1");
  sent.append("Trace-Id", "2");
  sent.set("City", "Zürich");
  const answer = await nc.request(stage.subject, "body", { headers: sent, timeout: 10_000 });
  same("values", answer.headers?.values("Trace-Id"), ["1", "2"]);
  same("value", answer.headers?.get("City"), "Zürich");
  same("body", answer.string(), "body");
}

async function drains(stage: Stage): Promise<void> {
  const served = await stage.shared();
  const [a, b] = [await stage.open(served), await stage.open(served)];
  const handled: string[] = [];
  b.subscribe(`${stage.subject}.handled`, { callback: (_error, msg) => void handled.push(msg.string()) });
  await b.flush();
  const sub = a.subscribe(stage.subject);
  const work = (async () => {
    for await (const msg of sub) a.publish(`${stage.subject}.handled`, msg.string());
  })();
  await a.flush();
  for (let i = 0; i < 200; i++) b.publish(stage.subject, String(i));
  await b.flush();
  await a.drain();
  await work;
  same("state", a.state, "closed");
  // Everything the server had sent before the drain was handled, and what the handlers published was delivered.
  await until("all were handled", () => handled.length >= 200);
  same(
    "each once",
    handled,
    Array.from({ length: 200 }, (_, i) => String(i)),
  );
}
