import { expect, it } from "vitest";
import { csvOf } from "./export.js";
import type { Result } from "./result.js";

it("CSV has a line for each figure, as many cells as the head, and quotes what has a comma", () => {
  const spread = { median: 100.5, least: 90, most: 120 };
  const rest = { rounds: 3, messages: 10, systemNs: 1, cores: 1, perSecond: 2, peakRss: 3, size: 128 };
  const latency = { p50: 1, p90: 2, p99: 3, p999: 4, most: 5 };
  const figure = { work: "MSG 128 B, counted", who: "myelin", reference: false, cpuNs: spread, latency, ...rest };
  const circumstances = {
    date: "",
    cpu: "",
    cores: 2,
    memoryGiB: 1,
    system: "",
    node: "",
    load: 0,
    versions: {},
    command: "",
  };
  const result: Result = { scenario: "subscribe", title: "", about: "", circumstances, figures: [figure], memory: [] };
  const [head = "", line, end] = csvOf([result]).split("\r\n");
  expect(line).toBe('subscribe,"MSG 128 B, counted",myelin,3,10,128,100.5,90,120,1,2,3,1,2,3,4,5');
  expect(head.split(",")).toHaveLength(17);
  expect(end).toBe("");
});
