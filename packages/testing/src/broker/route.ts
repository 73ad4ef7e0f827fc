// A route between two nodes: interest, messages and farewells, each direction in order and each message once. What is on its way
// when the route is cut is lost. A full mesh makes it one hop: what came over a route never leaves over another.

import type { Clock } from "@myelin/contracts";
import type { BrokerNode, ConnectionType } from "./broker-node.js";
import type { Neighbour, RoutedMessage } from "./message-router.js";

type Delivery = (to: RouteEnd) => void;

/** Both directions between two nodes. Made whole; `cut` ends it for both. */
export class Route {
  readonly ends: readonly [RouteEnd, RouteEnd];
  #state: "up" | "cut" = "up";

  constructor(clock: Clock, first: BrokerNode, second: BrokerNode) {
    const forth = new RouteEnd(clock, first, second, () => this.#state === "up");
    const back = new RouteEnd(clock, second, first, () => this.#state === "up");
    forth.opposite = back;
    back.opposite = forth;
    this.ends = [forth, back];
    for (const end of this.ends) end.node.routes.add(end);
    for (const end of this.ends) end.sendAll();
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  joins(first: BrokerNode, second: BrokerNode): boolean {
    const nodes = this.ends.map(({ node }) => node);
    return nodes.includes(first) && nodes.includes(second);
  }

  /** Nothing passes in either direction, and nothing is lost, until let go. */
  hold(held: boolean): void {
    for (const end of this.ends) end.hold(held);
  }

  cut(): void {
    if (this.#state === "cut") return;
    this.#state = "cut";
    for (const end of this.ends) {
      end.node.routes.delete(end);
      end.node.router.dropRemote(end);
    }
  }
}

/** One node's end: where it puts what is for the other node. */
export class RouteEnd implements Neighbour {
  readonly node: BrokerNode;
  readonly peer: BrokerNode;
  opposite: RouteEnd | undefined;
  readonly #clock: Clock;
  readonly #isUp: () => boolean;
  #queue: Delivery[] = [];
  #flow: "idle" | "scheduled" | "held" = "idle";
  // Once the peer has said that it leaves, clients are told no address of it.
  #peer: "stays" | "leaves";

  constructor(clock: Clock, node: BrokerNode, peer: BrokerNode, isUp: () => boolean) {
    this.#clock = clock;
    this.node = node;
    this.peer = peer;
    this.#isUp = isUp;
    this.#peer = peer.condition === "lame-duck" ? "leaves" : "stays";
  }

  /** The peer's address as clients of this type are told it. */
  peerUrl(type: ConnectionType): string | undefined {
    return this.#peer === "leaves" ? undefined : this.peer.urlFor(type);
  }

  forward(message: RoutedMessage, queues: readonly string[]): void {
    this.#send((there) => there.node.router.receive(message, queues));
  }

  sendInterest(subject: string, queue: string | undefined, count: number): void {
    this.#send((there) => there.node.router.setRemote(there, subject, queue, count));
  }

  /** All the interest there is, to a node that knows none of it. */
  sendAll(): void {
    this.node.router.tellAll((subject, queue, count) => this.sendInterest(subject, queue, count));
  }

  sendLameDuck(): void {
    this.#send((there) => there.peerLeaves());
  }

  peerLeaves(): void {
    this.#peer = "leaves";
    this.node.announce();
  }

  hold(held: boolean): void {
    if (held) this.#flow = "held";
    else if (this.#flow === "held") {
      this.#flow = "idle";
      this.#schedule();
    }
  }

  #send(delivery: Delivery): void {
    if (!this.#isUp()) return;
    this.#queue.push(delivery);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#flow !== "idle" || this.#queue.length === 0) return;
    this.#flow = "scheduled";
    this.#clock.endOfTurn(() => {
      if (this.#flow !== "scheduled") return;
      this.#flow = "idle";
      const queue = this.#queue;
      this.#queue = [];
      for (const deliver of queue) if (this.opposite !== undefined && this.#isUp()) deliver(this.opposite);
    });
  }
}
