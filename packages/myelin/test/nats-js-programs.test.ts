// Programs as people write them for nats.js, run twice on one real server: with nats.js, and with only the import changed. What
// they print must be the same.

import { RealServer } from "@myelin/testing";
import * as natsjs from "@nats-io/transport-node";
import * as myelin from "myelin";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** What the programs import; typed as nats.js, as if only the module's name had changed. */
type Library = typeof natsjs;
type Print = (line: unknown) => void;
type Program = (library: Library, servers: string, print: Print) => Promise<void>;

const programs: Readonly<Record<string, Program>> = {
  "publish and subscribe with an iterator": async ({ connect }, servers, print) => {
    const nc = await connect({ servers });
    const sub = nc.subscribe("hello", { max: 3 });
    const done = (async () => {
      for await (const m of sub) print(`[${sub.getProcessed()}]: ${m.subject} ${m.string()}`);
      print("subscription closed");
    })();
    nc.publish("hello", "world");
    nc.publish("hello", new TextEncoder().encode("again"));
    nc.publish("hello");
    await done;
    await nc.drain();
    print(await nc.closed());
  },
  "wildcards and callbacks": async ({ connect }, servers, print) => {
    const nc = await connect({ servers });
    const seen: string[] = [];
    for (const subject of ["time.us.*", "time.*.east", "time.>"]) {
      nc.subscribe(subject, { callback: (err, m) => void seen.push(`${subject} ${String(err)} ${m.subject}`) });
    }
    for (const place of ["us.east", "us.east.atlanta", "eu.east", "eu.east.warsaw"]) nc.publish(`time.${place}`);
    await nc.flush();
    print(seen.sort());
    await nc.close();
  },
  "a service and its requests, headers included": async ({ connect, headers, Empty }, servers, print) => {
    const nc = await connect({ servers });
    const sub = nc.subscribe("echo");
    (async () => {
      for await (const m of sub) {
        const h = headers();
        h.set("X-Answer", "yes");
        h.append("Seen", m.headers?.get("Ask") ?? "none");
        m.respond(m.data, { headers: h });
      }
    })().catch(print);
    const ask = headers();
    ask.append("Ask", "one");
    const r = await nc.request("echo", "hi", { timeout: 1000, headers: ask });
    print([r.string(), r.headers?.get("X-Answer"), r.headers?.values("Seen"), r.headers?.has("x-answer")]);
    print((await nc.request("echo", Empty, { timeout: 1000, noMux: true })).data.length);
    print((await nc.request("echo", JSON.stringify({ a: 1 }), { timeout: 1000 })).json());
    await nc.drain();
  },
  "errors of requests": async ({ connect, errors }, servers, print) => {
    const nc = await connect({ servers });
    nc.subscribe("silent", { callback: () => {} });
    for (const subject of ["nobody", "silent"]) {
      try {
        await nc.request(subject, "", { timeout: 100 });
      } catch (err) {
        print([
          subject,
          err instanceof errors.TimeoutError,
          err instanceof errors.RequestError && err.isNoResponders(),
        ]);
      }
    }
    await nc.close();
    try {
      nc.publish("a");
    } catch (err) {
      print(err instanceof errors.ClosedConnectionError);
    }
  },
  "many answers": async ({ connect }, servers, print) => {
    const nc = await connect({ servers });
    for (let i = 0; i < 3; i++) nc.subscribe("who", { callback: (_, m) => void m.respond(`${i}`) });
    nc.subscribe("list", {
      callback: (_, m) => {
        for (const part of ["a", "b", ""]) m.respond(part);
      },
    });
    const collect = async (subject: string, options: object): Promise<string[]> => {
      const all: string[] = [];
      for await (const m of await nc.requestMany(subject, "", options)) all.push(m.string());
      return all.sort();
    };
    print(await collect("who", { strategy: "timer", maxWait: 200 }));
    print((await collect("who", { strategy: "count", maxMessages: 2, maxWait: 1000 })).length);
    print(await collect("who", { strategy: "stall", maxWait: 1000, stall: 100 }));
    print(await collect("list", { strategy: "sentinel", maxWait: 1000 }));
    print(await collect("list", { strategy: "stall", maxWait: 1000, stall: 0 }));
    await nc.drain();
  },
  "queue groups and unsubscribing": async ({ connect }, servers, print) => {
    const nc = await connect({ servers });
    let all = 0;
    let members = 0;
    nc.subscribe("work", { callback: () => void all++ });
    for (let i = 0; i < 3; i++) nc.subscribe("work", { queue: "workers", callback: () => void members++ });
    const few = nc.subscribe("work", { max: 4, callback: () => {} });
    const gone = nc.subscribe("work", { callback: () => print("never") });
    gone.unsubscribe();
    for (let i = 0; i < 20; i++) nc.publish("work");
    await nc.flush();
    print([all, members, few.getReceived(), few.isClosed(), gone.isClosed()]);
    await nc.drain();
  },
  "one message at a time, and a time-out": async ({ connect, syncIterator, errors }, servers, print) => {
    const nc = await connect({ servers });
    const sub = nc.subscribe("a", { max: 2 });
    const iterator = syncIterator(sub);
    nc.publish("a", "1");
    nc.publish("a", "2");
    print((await iterator.next())?.string());
    print((await iterator.next())?.string());
    print(await iterator.next());
    const late = nc.subscribe("b", { timeout: 50 });
    try {
      for await (const m of late) print(m.subject);
    } catch (err) {
      print(err instanceof errors.TimeoutError);
    }
    await nc.close();
  },
  "the state of a connection": async ({ connect, usernamePasswordAuthenticator }, servers, print) => {
    const nc = await connect({ servers, name: "state", authenticator: usernamePasswordAuthenticator("any", "body") });
    const types: string[] = [];
    (async () => {
      for await (const s of nc.status()) types.push(s.type);
    })().catch(print);
    print([nc.getServer() === servers.replace("nats://", ""), nc.isClosed(), nc.isDraining(), nc.info?.headers]);
    nc.publish("x", "12345");
    await nc.flush();
    const { outMsgs, outBytes } = nc.stats();
    print([outMsgs, outBytes, (await nc.rtt()) >= 0]);
    await nc.drain();
    print([nc.isClosed(), types.includes("close")]);
  },
  "small tools": async ({ createInbox, nuid, delay, deferred, deadline, nanos, millis, errors }, _servers, print) => {
    print([createInbox().length, createInbox("_MY").startsWith("_MY."), nuid.next().length]);
    print([nanos(5), millis(nanos(5))]);
    await delay(5);
    const d = deferred<string>();
    d.resolve("done");
    print(await d);
    try {
      await deadline(new Promise(() => {}), 10);
    } catch (err) {
      print(err instanceof errors.TimeoutError);
    }
  },
};

describe("programs written for nats.js", () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await RealServer.start();
  });
  afterAll(() => server.stop());

  it.each(Object.entries(programs))("print the same after only the import changed: %s", async (_, program) => {
    const run = async (library: Library): Promise<string[]> => {
      const lines: string[] = [];
      await program(library, server.url, (line) => lines.push(JSON.stringify(line) ?? "undefined"));
      return lines;
    };
    const theirs = await run(natsjs);
    expect(theirs.length).toBeGreaterThan(0);
    expect(await run(myelin as unknown as Library)).toEqual(theirs);
  });
});
