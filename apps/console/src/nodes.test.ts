import { expect, it } from "vitest";
import { HELP, type Node, obey } from "./nodes.js";

class Fake implements Node {
  readonly name: string;
  readonly done: string[];
  running = true;
  stays = 2;

  constructor(name: string, done: string[]) {
    this.name = name;
    this.done = done;
  }

  async kill(): Promise<void> {
    this.running = false;
    this.done.push(`kill ${this.name}`);
  }

  async restart(): Promise<void> {
    this.running = true;
    this.done.push(`start ${this.name}`);
  }

  pause(): void {
    this.done.push(`pause ${this.name}`);
  }

  resume(): void {
    this.done.push(`resume ${this.name}`);
  }

  lameDuck(): void {
    this.done.push(`leave ${this.name}`);
  }

  async clients(): Promise<number> {
    return this.stays--;
  }
}

const at = (): { nodes: Fake[]; done: string[]; say: (line: string) => Promise<string> } => {
  const done: string[] = [];
  const nodes = [new Fake("a", done), new Fake("b", done)];
  return { nodes, done, say: (line) => obey(line, nodes, async () => {}) };
};

it("each word does one thing to one node, and says so", async () => {
  const { done, say } = at();
  expect(await say(" KILL  2 ")).toBe("b was killed");
  expect(await say("kill 2")).toBe("b is not running: start 2");
  expect(await say("start 2")).toBe("b is back");
  expect(await say("start 2")).toBe("b is running");
  await say("pause 1");
  await say("resume 1");
  await say("leave 1");
  expect(done).toEqual(["kill b", "start b", "pause a", "resume a", "leave a"]);
});

it("a roll lets the clients of each node go before it restarts it, and starts one that is down", async () => {
  const { nodes, done, say } = at();
  if (nodes[1] !== undefined) nodes[1].running = false;
  expect(await say("roll")).toBe("a, b restarted, in order");
  expect(done).toEqual(["leave a", "start a", "start b"]);
  expect(nodes[0]?.stays).toBe(-1);
  expect(await say("roll 2")).toBe("b restarted, in order");
});

it("what is no word is answered with those there are, and a number that is no node with the numbers", async () => {
  const { done, say } = at();
  expect(await say("dance 1")).toBe(HELP);
  expect(await say("kill")).toBe("which node? kill 1 to kill 2");
  expect(await say("kill 3")).toContain("which node?");
  expect(await say("")).toBe("");
  expect(done).toEqual([]);
});
