// What a scenario is: one sentence about two ends, written once and played by any two clients in both directions.

import type { PeerConnection, PeerMessage, PeerSubscription, Traits } from "../../src/peer.js";

/** Who a client is, before it runs. */
export interface End {
  readonly name: string;
  readonly traits: Traits;
}

/** One end: a client, and connections of it that end with the test. */
export interface Side extends End {
  open(options?: { readonly noEcho?: boolean }): Promise<PeerConnection>;
}

/** Who plays. `from` begins: it publishes, asks, drains; what it does must be right at `to`. */
export interface Cast {
  readonly from: Side;
  readonly to: Side;
  /** A subject nobody else uses; more may be made by adding tokens. */
  readonly subject: string;
}

export interface Scenario {
  /** The sentence, without its subject: it is said of two clients. */
  readonly name: string;
  /** Why these two cannot play it, `undefined` when they can. */
  readonly hindrance?: (from: End, to: End) => string | undefined;
  readonly play: (cast: Cast) => Promise<void>;
}

const POLL_MS = 5;
const PATIENCE_MS = 20_000;

/** Resolves when `condition` holds; rejects after 20 s with what did not come about and `seen`. */
export async function until(what: string, condition: () => boolean, seen: () => unknown = () => ""): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what} ${seen()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Waits for `count` messages. */
export async function received(messages: readonly PeerMessage[], count: number): Promise<readonly PeerMessage[]> {
  await until(
    `${count} messages`,
    () => messages.length >= count,
    () => `(only ${messages.length})`,
  );
  return messages;
}

/** Waits until several subscriptions have `count` messages between them. */
export async function receivedTogether(subs: readonly PeerSubscription[], count: number): Promise<void> {
  const total = (): number => subs.reduce((sum, { messages }) => sum + messages.length, 0);
  await until(
    `${count} messages between ${subs.length} subscriptions`,
    () => total() >= count,
    () => `(only ${total()})`,
  );
}

/**
 * Waits until `receiver` has got a message that was published behind everything `sender` published before. What it had to get
 * by then and has not got will not come.
 */
export async function passFence(sender: PeerConnection, receiver: PeerConnection, subject: string): Promise<void> {
  const fence = await receiver.subscribe(`${subject}.fence`);
  await sender.publish(`${subject}.fence`);
  await received(fence.messages, 1);
  await fence.unsubscribe();
}

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

export function texts(messages: readonly PeerMessage[]): string[] {
  return messages.map(({ data }) => Buffer.from(data).toString());
}

/** The numbers of a burst, ascending, whoever got them. */
export function numbers(...lists: readonly (readonly PeerMessage[])[]): number[] {
  return texts(lists.flat())
    .map(Number)
    .sort((a, b) => a - b);
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
