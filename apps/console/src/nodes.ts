// What somebody at the terminal can do to the cluster that was started for the page, by a word and the number of a node.

/** The part of a node that is used. */
export interface Node {
  readonly name: string;
  readonly running: boolean;
  kill(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  lameDuck(): void;
  /** Clients on it, by its own word. */
  clients(): Promise<number>;
}

export const HELP = `Type a word and the number of a node, and watch the page:
  kill 1     it ends without a word       start 1    start it again
  pause 1    it falls silent              resume 1   it goes on
  leave 1    lame duck: it says goodbye   roll       restart all of them in order, or one: roll 1`;

const GRACE_MS = 20_000;
const LOOK_MS = 100;

/** Does what a line says, and resolves with a sentence about it. Rejects only when a node does not do as it is told. */
export async function obey(
  line: string,
  nodes: readonly Node[],
  delay: (ms: number) => Promise<void>,
): Promise<string> {
  const [word = "", number = ""] = line.trim().toLowerCase().split(/\s+/);
  if (word === "") return "";
  const node = nodes[Number(number) - 1];
  if (word === "roll") {
    const chosen = node === undefined ? nodes : [node];
    for (const one of chosen) await roll(one, delay);
    return `${chosen.map(({ name }) => name).join(", ")} restarted, in order`;
  }
  if (!/^(kill|start|pause|resume|leave)$/.test(word)) return HELP;
  if (node === undefined) return `which node? ${word} 1 to ${word} ${nodes.length}`;
  if (word !== "start" && !node.running) return `${node.name} is not running: start ${number}`;
  switch (word) {
    case "kill":
      await node.kill();
      return `${node.name} was killed`;
    case "start":
      if (node.running) return `${node.name} is running`;
      await node.restart();
      return `${node.name} is back`;
    case "pause":
      node.pause();
      return `${node.name} is frozen: clients notice by their pings, within a minute`;
    case "resume":
      node.resume();
      return `${node.name} goes on`;
    default:
      node.lameDuck();
      return `${node.name} has told its clients that it leaves; start ${number} brings it back once it has ended`;
  }
}

/** As an operator restarts a node: it says that it leaves, its clients go, and it is started again. */
async function roll(node: Node, delay: (ms: number) => Promise<void>): Promise<void> {
  if (node.running) {
    node.lameDuck();
    for (let waited = 0; waited < GRACE_MS && node.running; waited += LOOK_MS) {
      await delay(LOOK_MS);
      // It ends by itself at any moment, and then does not answer.
      if ((await node.clients().catch(() => 0)) === 0) break;
    }
  }
  await node.restart();
}
