// Every program of this folder, run as its reader would run it: a process of its own against real servers.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { RealCluster } from "@myelin/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = new URL("../src/", import.meta.url);
const SECONDS = 1_000;
const tried = new Set<string>();
let cluster: RealCluster;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  cluster = await RealCluster.start();
}, 120 * SECONDS);

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await cluster?.stop();
});

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #out = "";
  #err = "";

  constructor(name: string, args: readonly string[], urls: string) {
    tried.add(name);
    const file = new URL(`${name}.ts`, folder).pathname;
    this.#child = spawn(process.execPath, ["--conditions=@myelin/source", "--import", "tsx", file, ...args], {
      cwd: new URL("..", folder),
      env: { ...process.env, NATS_URLS: urls },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(this.#child);
    this.#child.stdout?.on("data", (chunk) => {
      this.#out += String(chunk);
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.#err += String(chunk);
    });
    this.#ended = once(this.#child, "close").then(() => running.delete(this.#child));
  }

  /** Resolves when the program has printed `text`; rejects when it ends without. */
  async says(text: string): Promise<void> {
    while (!this.#out.includes(text)) {
      const next = new Promise((resolve) => this.#child.stdout?.once("data", resolve));
      if ((await Promise.any([next.then(() => "more"), this.#ended.then(() => "end")])) === "more") continue;
      if (!this.#out.includes(text)) throw new Error(`ended without "${text}": ${this.#out}${this.#err}`);
    }
  }

  async end(): Promise<Finished> {
    await this.#ended;
    return { code: this.#child.exitCode, out: this.#out, err: this.#err };
  }

  interrupt(): Promise<Finished> {
    this.#child.kill("SIGINT");
    return this.end();
  }
}

const start = (name: string, ...args: string[]): Program => new Program(name, args, cluster.urls.join(","));
const on = (index: number): string[] => ["-s", cluster.server(index).url];

describe("the tutorial's programs", { timeout: 60 * SECONDS }, () => {
  it("TUT-PUBSUB-1: a message reaches the subscribers of its subject and of a wildcard, and no other", async () => {
    const [exact, other, wildcard] = [
      start("sub", ...on(0), "--max", "1", "msg.test"),
      start("sub", ...on(1), "msg.test.new"),
      start("sub", ...on(2), "-max", "2", "msg.*"),
    ];
    await Promise.all([exact.says("Listening on [msg.test]\n"), other.says("Listening"), wildcard.says("Listening")]);
    const published = await start("pub", ...on(0), "msg.test", "NATS MESSAGE").end();
    expect(published).toEqual({ code: 0, err: "", out: "Published [msg.test] : 'NATS MESSAGE'\n" });
    expect(await exact.end()).toMatchObject({
      code: 0,
      out: "Listening on [msg.test]\n[#1] Received on [msg.test]: 'NATS MESSAGE'\n",
    });
    await start("pub", ...on(1), "msg.last").end();
    expect((await wildcard.end()).out).toBe(
      "Listening on [msg.*]\n[#1] Received on [msg.test]: 'NATS MESSAGE'\n[#2] Received on [msg.last]: ''\n",
    );
    expect(await other.interrupt()).toEqual({ code: 0, err: "", out: "Listening on [msg.test.new]\n" });
  });

  it("TUT-PUBSUB-1: publishing to a wildcard is refused in one sentence", async () => {
    const { code, out, err } = await start("pub", ...on(0), "msg.*", "x").end();
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^pub: .*msg\.\*.*\n$/);
  });

  it("TUT-REQREPLY-1: req prints the answer of rply", async () => {
    const rply = start("rply", ...on(0), "--max", "1", "help.please", "OK, I CAN HELP!!!");
    await rply.says("Listening on [help.please]");
    const { code, out } = await start("req", ...on(1), "help.please", "I need help!").end();
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Published \[help\.please\] : 'I need help!'\nReceived {2}\[_INBOX\.\S+\] : 'OK, I CAN HELP!!!'\n$/,
    );
    expect((await rply.end()).out).toContain("[#1] Received on [help.please]: 'I need help!'");
  });

  it("a request that nobody answers ends with a sentence and exit code 1", async () => {
    const { code, err } = await start("req", ...on(0), "nobody.here").end();
    expect(code).toBe(1);
    expect(err).toBe('req: no responders on "nobody.here"\n');
  });

  it("TUT-QUEUE-1: of three members of a queue group one hears each message, and a plain subscriber hears all", async () => {
    const members = [
      start("qsub", ...on(0), "foo", "my-queue"),
      start("qsub", ...on(1), "foo", "my-queue"),
      start("sub", ...on(2), "--queue=my-queue", "foo"),
    ];
    const plain = start("sub", ...on(0), "-max", "30", "foo");
    await Promise.all([...members, plain].map((program) => program.says("Listening on [foo]")));
    await start("pub", ...on(0), "-count", "30", "foo", "Hello NATS!").end();
    expect((await plain.end()).out.match(/Received/g)).toHaveLength(30);
    const heard = (await Promise.all(members.map((member) => member.interrupt()))).map(
      ({ out }) => out.match(/\[#\d+\] Received on \[foo\]: 'Hello NATS!'/g)?.length ?? 0,
    );
    expect(heard.reduce((sum, one) => sum + one, 0)).toBe(30);
  });

  it("TUT-EXAMPLES-1: a wrong command line says what is wrong, with exit code 2", async () => {
    const [unknown, missing] = await Promise.all([start("pub", "--wrong", "a", "b").end(), start("sub").end()]);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("--wrong");
    expect(missing.code).toBe(2);
    expect(missing.err).toContain("subject");
  });
});

describe("the programs on connecting", { timeout: 60 * SECONDS }, () => {
  it("SEED-47: the sample of the manual runs, and passes over the server that is not there", async () => {
    const urls = `nats://127.0.0.1:1,${cluster.server(1).url}`;
    const { code, out } = await new Program("cluster", [], urls).end();
    expect({ code, out }).toEqual({ code: 0, out: `connected to 127.0.0.1:${cluster.server(1).port}\n` });
  });

  it("SEED-1, SEED-2, SEED-4: a list may be an array, one string, or built one by one", async () => {
    const [array, string, oneByOne] = await Promise.all(
      ["servers-as-array", "servers-as-string", "servers-one-by-one"].map((name) => start(name).end()),
    );
    expect(array?.out).toMatch(/^connected to 127\.0\.0\.1:\d+, one of 3\n$/);
    expect(string?.out).toMatch(/^connected to 127\.0\.0\.1:\d+, one of 3\n$/);
    expect(oneByOne?.out).toBe(`connected to 127.0.0.1:${cluster.server(0).port}, the first that works of 3\n`);
  });

  it("P32: which servers there are may be answered by a function", async () => {
    const { out } = await start("servers-from-a-function").end();
    expect(out).toMatch(/^connected to 127\.0\.0\.1:\d+, one of 3\n$/);
  });

  it("SEED-18: one seed is enough to learn the cluster", async () => {
    const { out } = await start("one-seed").end();
    const lines = out.trim().split("\n");
    expect(lines[0]).toMatch(/^seed nats:\/\/127\.0\.0\.1:\d+$/);
    expect(lines.filter((line) => line.startsWith("gossip "))).toHaveLength(2);
  });

  it("SEED-41, SEED-44: a failed connect tells of every server, and nothing keeps the process alive", async () => {
    const { code, out } = await new Program("failed-connect", [], "nats://127.0.0.1:1,nats://127.0.0.1:2").end();
    expect(code).toBe(0);
    expect(out.split("\n").filter((line) => /^nats:\/\/127\.0\.0\.1:[12] tcp: /.test(line))).toHaveLength(2);
  });
});

describe("the other programs", { timeout: 60 * SECONDS }, () => {
  it("status prints the way through a reconnect", async () => {
    const { code, out } = await start("status").end();
    expect(code).toBe(0);
    expect(out).toMatch(/^disconnect .*127\.0\.0\.1:\d+\n(.*\n)*reconnect .*127\.0\.0\.1:\d+\n$/m);
  });

  it("backpressure publishes everything", async () => {
    expect(await start("backpressure").end()).toMatchObject({ code: 0, out: expect.stringContaining("2000 messages") });
  });

  it("custom-transport carries a request and its answer", async () => {
    expect(await start("custom-transport").end()).toEqual({
      code: 0,
      err: "",
      out: "hello transport\nbytes in: true, bytes out: true\n",
    });
  });

  it("worker-thread carries a request and its answer over sockets of another thread, and ends by itself", async () => {
    expect(await start("worker-thread").end()).toEqual({ code: 0, err: "", out: "hello from a worker\n" });
  });

  it("own-strategy leads two clients with one key to one server", async () => {
    const { code, out } = await start("own-strategy").end();
    expect(code).toBe(0);
    expect(out).toMatch(/^both on the same server: true\n(nats:\/\/\S+ \w+: .+\n){3}$/);
  });

  it("no program is left out of these tests", () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    expect([...tried].sort()).toEqual(programs.map((name) => name.replace(/\.ts$/, "")).sort());
  });
});
