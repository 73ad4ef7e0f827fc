import { describe, expect, it } from "vitest";
import { VirtualClock } from "../virtual-clock.js";
import { FaultControl } from "./fault-control.js";
import { LinkFaults } from "./link-faults.js";

interface World {
  readonly clock: VirtualClock;
  readonly faults: LinkFaults;
  readonly log: string[];
  /** From the server to the client. */
  say(text: string): void;
}

function world(): World {
  const clock = new VirtualClock();
  const log: string[] = [];
  const to = (name: string): { send(bytes: Uint8Array): void; end(): void } => ({
    send: (bytes) => void log.push(`${clock.now()} ${name} ${Buffer.from(bytes).toString()}`),
    end: () => void log.push(`${clock.now()} ${name} end`),
  });
  const faults = new LinkFaults(clock, {
    client: to("client"),
    server: to("server"),
    reset: () => void log.push(`${clock.now()} reset`),
  });
  return { clock, faults, log, say: (text) => faults.toClient.push(Buffer.from(text)) };
}

describe("the faults of a link", () => {
  it("delay: every byte later, in order, the end as well", async () => {
    const { clock, faults, log, say } = world();
    faults.delay(100);
    say("a");
    await clock.advance(50);
    say("b");
    faults.toClient.end();
    faults.toServer.push(Buffer.from("c"));
    await clock.advance(200);
    expect(log).toEqual(["100 client a", "150 server c", "150 client b", "150 client end"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("throttle: a tenth of a second's worth at a time", async () => {
    const { clock, faults, log, say } = world();
    faults.throttle(100, "to-client");
    say("x".repeat(25));
    await clock.advance(1_000);
    expect(log.map((line) => line.replace(/x+/, (run) => String(run.length)))).toEqual([
      "0 client 10",
      "100 client 10",
      "200 client 5",
    ]);
  });

  it("split: pieces, each in a turn of its own", async () => {
    const { clock, faults, log, say } = world();
    faults.split(2);
    say("abcde");
    expect(log).toEqual(["0 client ab"]);
    await clock.settle();
    expect(log).toEqual(["0 client ab", "0 client cd", "0 client e"]);
  });

  it("silence: nothing comes and nothing is lost", () => {
    const { faults, log, say } = world();
    faults.silence("to-client");
    say("a");
    say("b");
    faults.toServer.push(Buffer.from("c"));
    expect(log).toEqual(["0 server c"]);
    faults.heal();
    expect(log).toEqual(["0 server c", "0 client a", "0 client b"]);
  });

  it("drop: what follows is lost; healed, what comes then passes", () => {
    const { faults, log, say } = world();
    faults.drop(3);
    say("abcde");
    say("fgh");
    faults.heal();
    say("i");
    expect(log).toEqual(["0 client abc", "0 client i"]);
  });

  it("truncate: the stream ends in the midst of it", () => {
    const { faults, log, say } = world();
    faults.truncate(3, "to-client");
    say("ab");
    say("cde");
    say("f");
    expect(log).toEqual(["0 client ab", "0 client c", "0 client end"]);
  });

  it("half-close, garbage, reset", () => {
    const { faults, log, say } = world();
    faults.garbage("?!");
    faults.halfClose();
    say("lost");
    faults.toServer.push(Buffer.from("still there"));
    faults.reset();
    expect(log).toEqual(["0 client ?!", "0 client end", "0 server still there", "0 reset"]);
  });

  it("a wrong argument throws before anything changes, also where there is no link yet", () => {
    const links: LinkFaults[] = [];
    const all = new FaultControl(() => links);
    expect(() => all.delay(-1)).toThrow("ms: is not a number of at least 0");
    expect(() => all.throttle(0)).toThrow("bytesPerSecond");
    expect(() => all.silence("up" as "both")).toThrow("direction");
    expect(all.active).toBe(false);
  });

  it("for all links, those to come among them, until healed", () => {
    const [first, second, third] = [world(), world(), world()];
    const links = [first.faults];
    const all = new FaultControl(() => links);
    all.silence("to-client");
    all.greet(second.faults);
    links.push(second.faults);
    for (const { say } of [first, second]) say("a");
    expect([first.log, second.log]).toEqual([[], []]);
    all.heal();
    all.greet(third.faults);
    third.say("b");
    expect([first.log, second.log, third.log]).toEqual([["0 client a"], ["0 client a"], ["0 client b"]]);
  });
});
