import { Decoder } from "@myelin/protocol";
import { describe, expect, it } from "vitest";
import { Overlap } from "./overlap.js";

const PLAIN = 1;
const SHARED = 2;

/** Two links, and what reaches the subscriptions. */
function overlapping(): {
  overlap: Overlap<{ held: boolean; hold(): void; release(): void }>;
  receive: (link: "old" | "new" | "other", ...bodies: string[]) => void;
  got: string[];
  newLink: { held: boolean };
} {
  const makeLink = () => ({
    held: false,
    hold() {
      this.held = true;
    },
    release() {
      this.held = false;
    },
  });
  const links = { old: makeLink(), new: makeLink(), other: makeLink() };
  const got: string[] = [];
  const overlap = new Overlap(
    links.old,
    links.new,
    (sid) => sid === PLAIN,
    ({ buffer, payloadEnd, payloadStart, headersStart, sid }) => {
      const body = new TextDecoder().decode(buffer.subarray(payloadStart, payloadEnd));
      got.push(`${sid === PLAIN ? "" : "shared "}${payloadStart > headersStart ? "with headers " : ""}${body}`);
    },
  );
  const receive = (link: "old" | "new" | "other", ...frames: string[]): void => {
    const decoder = new Decoder({ from: "server" });
    decoder.push(new TextEncoder().encode(frames.join("")));
    while (decoder.next() !== 0) overlap.message(decoder, links[link]);
  };
  return { overlap, receive, got, newLink: links.new };
}

const msg = (body: string, sid = PLAIN, reply = ""): string =>
  `MSG s ${sid} ${reply === "" ? "" : `${reply} `}${body.length}\r\n${body}\r\n`;

describe("Overlap", () => {
  it("delivers what both links bring once, in the order of the old one, and the rest of the new one behind it", () => {
    const { overlap, receive, got } = overlapping();
    receive("new", msg("2"), msg("3"));
    receive("old", msg("1"), msg("2"));
    receive("new", msg("4"));
    receive("old", msg("3"));
    expect(got).toEqual(["1", "2", "3"]);
    overlap.cut();
    expect(got).toEqual(["1", "2", "3", "4"]);
    receive("new", msg("5"));
    expect(got).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("drops after the cut what the old link still brings, and what the new one brings late", () => {
    const { overlap, receive, got } = overlapping();
    receive("old", msg("1"), msg("2"));
    overlap.cut();
    receive("old", msg("3"));
    receive("new", msg("1"), msg("2"), msg("3"));
    expect(got).toEqual(["1", "2", "3"]);
  });

  it("delivers a message as often as it came over the link that brought it most", () => {
    const { overlap, receive, got } = overlapping();
    receive("old", msg("tick"), msg("tick"));
    receive("new", msg("tick"), msg("tick"), msg("tick"));
    overlap.cut();
    expect(got).toEqual(["tick", "tick", "tick"]);
  });

  it("takes messages that differ in reply subject or headers for different ones", () => {
    const { overlap, receive, got } = overlapping();
    receive("old", msg("1"));
    receive("new", msg("1", PLAIN, "r"), "HMSG s 1 19 20\r\nNATS/1.0\r\na: bcd\r\n\r\n1\r\n".replace("19 20", "20 21"));
    overlap.cut();
    expect(got).toEqual(["1", "1", "with headers 1"]);
  });

  it("delivers what is for a queue group at once, over whichever link it comes, before and after the cut", () => {
    const { overlap, receive, got } = overlapping();
    receive("new", msg("a", SHARED));
    receive("old", msg("a", SHARED));
    overlap.cut();
    receive("old", msg("b", SHARED));
    receive("other", msg("c", SHARED), msg("x"));
    expect(got).toEqual(["shared a", "shared a", "shared b", "shared c"]);
  });

  it("stops reading the new link when it brings more than 32 MiB, until the cut", () => {
    const { overlap, receive, newLink } = overlapping();
    const megabyte = "x".repeat(1024 * 1024);
    for (let n = 0; n < 31; n++) receive("new", msg(megabyte));
    expect(newLink.held).toBe(false);
    for (let n = 0; n < 2; n++) receive("new", msg(megabyte));
    expect(newLink.held).toBe(true);
    overlap.cut();
    expect(newLink.held).toBe(false);
  });
});
