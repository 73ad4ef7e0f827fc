// Whatever strings a program gives us: either a typed throw and not a byte, or exactly what was given at the other end, and
// nothing else. MYELIN_FUZZ sets the number of tries (1000000 is the long run), MYELIN_SEED where they begin.

import { isNatsError } from "@myelin/contracts";
import { RealServer, seededRandom } from "@myelin/testing";
import { headers, type Msg, type MsgHdrs } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { record } from "./conditions.js";
import { open } from "./opened.js";

const TRIES = Number(process.env["MYELIN_FUZZ"] ?? 20_000);
const SEED = Number(process.env["MYELIN_SEED"] ?? 1);
const BATCH = 500;
const PIECES = [
  "a",
  "b.c",
  ".",
  "..",
  " ",
  "\t",
  "\r\n",
  "\n",
  "\r",
  "*",
  ">",
  "PUB x 0\r\n\r\n",
  "\0",
  "é",
  "🙂",
  ":",
  "Ab",
  "",
  "%",
  "\ud800",
  "\x7f",
  "-ERR",
];

it(`P40: ${TRIES} hostile subjects, replies, queue groups and headers are refused typed or arrive byte for byte`, {
  timeout: 60_000 + TRIES,
}, async () => {
  const random = seededRandom(SEED);
  const pick = (): string => PIECES[Math.floor(random() * PIECES.length)] ?? "";
  const hostile = (): string => Array.from({ length: 1 + Math.floor(random() * 4) }, pick).join("");
  const server = await RealServer.start();
  onTestFinished(() => server.stop());
  const nc = await open({ servers: server.url });
  const tap = await open({ servers: server.url });
  const errors = record(nc, "error", "disconnect");
  const got: Msg[] = [];
  tap.subscribe(">", { callback: (_, msg) => got.push(msg) });
  await tap.flush();

  let accepted = 0;
  for (let tried = 0; tried < TRIES; ) {
    const sent: { subject: string; reply: string | undefined; names: [string, string[]][]; data: string }[] = [];
    for (let i = 0; i < BATCH && tried < TRIES; i++, tried++) {
      const subject = random() < 0.5 ? `ok.${hostile()}` : hostile();
      const reply = random() < 0.5 ? undefined : hostile();
      const data = random() < 0.5 ? "x" : "\r\nPING\r\n";
      try {
        if (random() < 0.2) {
          nc.subscribe(subject, { queue: hostile(), callback: () => {} }).unsubscribe();
          continue;
        }
        let own: MsgHdrs | undefined;
        if (random() < 0.5) {
          own = headers();
          own.append(hostile(), hostile());
        }
        nc.publish(subject, data, { reply, headers: own });
        sent.push({ subject, reply: reply === "" ? undefined : reply, names: own === undefined ? [] : [...own], data });
      } catch (error) {
        if (!isNatsError(error)) throw error;
      }
    }
    await nc.flush();
    await tap.flush();
    const seen = got.splice(0).map((msg) => ({
      subject: msg.subject,
      reply: msg.reply,
      names: msg.headers === undefined ? [] : [...msg.headers],
      data: msg.string(),
    }));
    expect(seen).toEqual(sent);
    accepted += sent.length;
  }
  expect(errors).toEqual([]);
  expect(accepted).toBeGreaterThan(TRIES / 100);
  expect(accepted).toBeLessThan(TRIES);
});
