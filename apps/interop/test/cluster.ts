// Three nodes: the peer on one, ours on another, and the third is killed while both ask and publish across.

import { RealCluster, type ServerBinary } from "@myelin/testing";
import { expect, onTestFinished } from "vitest";
import { type Peer, type PeerConnection, PeerError } from "../src/peer.js";
import { bytes, numbers, received, texts, upTo } from "./scenarios/scenario.js";

const ROUNDS = 40;
const BURST = 25;

export async function playCluster(ours: Peer, theirs: Peer, binary: ServerBinary): Promise<void> {
  const cluster = await RealCluster.start({ size: 3, binary });
  onTestFinished(() => cluster.stop());
  const open = async (peer: Peer, node: number): Promise<PeerConnection> => {
    const connection = await peer.connect({ servers: [cluster.server(node).url] });
    onTestFinished(() => connection.close());
    return connection;
  };
  const [there, here] = [await open(theirs, 0), await open(ours, 1)];
  const [hears, heard] = [await there.subscribe("to.there"), await here.subscribe("to.here")];
  await there.subscribe("ask.there", { respond: {} });
  await here.subscribe("ask.here", { respond: {} });
  await answered(there, "ask.here");
  await answered(here, "ask.there");

  const answers: string[] = [];
  const asked: string[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    if (i === ROUNDS / 2) await cluster.server(2).kill();
    await there.burst("to.here", i * BURST, BURST);
    await here.burst("to.there", i * BURST, BURST);
    const questions = [`there ${i}`, `here ${i}`];
    asked.push(...questions);
    answers.push(
      ...texts(
        await Promise.all([
          there.request("ask.here", bytes(`there ${i}`), { timeout: 15_000 }),
          here.request("ask.there", bytes(`here ${i}`), { timeout: 15_000 }),
        ]),
      ),
    );
  }
  await cluster.waitForMesh();
  expect(cluster.server(2).running).toBe(false);
  expect(answers).toEqual(asked);
  for (const { messages } of [heard, hears]) {
    await received(messages, ROUNDS * BURST);
    expect(numbers(messages)).toEqual(upTo(ROUNDS * BURST));
  }
}

/**
 * A subscription on one node is known on another a moment later, and until then there are no responders. Interest spreads in the
 * order in which it arose: who can be asked also gets what was subscribed to before.
 */
async function answered(asker: PeerConnection, subject: string): Promise<void> {
  for (let left = 200; ; left--) {
    try {
      await asker.request(subject, bytes("there?"), { timeout: 1_000 });
      return;
    } catch (error) {
      if (left === 0 || !(error instanceof PeerError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
