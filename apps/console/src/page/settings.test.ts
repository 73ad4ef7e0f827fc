import { expect, it } from "vitest";
import { BLANK, hashOf, type Settings, settingsOf, withoutSecrets } from "./settings.js";

const full: Settings = {
  servers: "ws://127.0.0.1:8080,wss://[::1]:443/nats",
  credentials: "nkey",
  subjects: ["orders.>", "a.*.b&c=d", "täglich"],
  to: "orders.new#1",
  format: "hex",
  theme: "dark",
  connect: true,
};

it("a link holds all settings, and reads as it was written", () => {
  expect(settingsOf(`#${hashOf(full)}`)).toEqual(full);
  expect(hashOf({ ...BLANK, servers: "ws://127.0.0.1:8080", subjects: ["orders.*"] })).toBe(
    "servers=ws://127.0.0.1:8080&sub=orders.*",
  );
});

it("what is as it is anyway is left out, and what is unknown is ignored", () => {
  expect(hashOf(BLANK)).toBe("");
  expect(settingsOf("")).toEqual(BLANK);
  expect(settingsOf("#as=shouting&theme=plaid&credentials=magic&more=1&sub=&sub=a&sub=a")).toEqual({
    ...BLANK,
    subjects: ["a"],
  });
});

it.each([
  ["ws://ann:hunter2@host:80", "ws://host:80"],
  ["wss://s3cr3t@host/nats?access_token=s3cr3t", "wss://host/nats"],
  ["host, ws://:tok@en@other ,", "host,ws://other"],
  ["ann:hunter2@host", "host"],
  ["ws://ann:pa/ss?w#rd@host:1/p", "ws://host:1/p"],
  ["ws://host?token=x#zone=eu", "ws://host"],
  ["ws://ann:hunter2,rd@host", "host"],
])("of %s a link holds %s", (servers, kept) => {
  expect(withoutSecrets(servers)).toBe(kept);
  expect(hashOf({ ...BLANK, servers })).not.toMatch(/hunter2|s3cr3t|tok|rd@|token/);
});
