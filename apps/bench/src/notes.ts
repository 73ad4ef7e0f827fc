// What a contestant writes down while it works, beside the CPU time that its process measures: latencies, rates of its
// connections, facts. Latencies go into Node's own HDR histogram, which records without allocating.

import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Percentiles in ns. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
}

/** One connection's part, from its first message to its last. */
export interface ClientSample {
  readonly role: "pub" | "sub";
  readonly messages: number;
  readonly ms: number;
}

/** The notes of one run. */
export interface RunNotes {
  readonly latency: Percentiles | undefined;
  readonly samples: readonly ClientSample[];
  readonly facts: Readonly<Record<string, number>>;
}

export class Notes {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 });
  readonly #samples: ClientSample[] = [];
  readonly #facts: Record<string, number> = {};

  /** One latency; what took less than 1 ns counts as 1. */
  took(milliseconds: number): void {
    this.#histogram.record(Math.max(1, Math.round(milliseconds * 1e6)));
  }

  sample(sample: ClientSample): void {
    this.#samples.push(sample);
  }

  fact(name: string, value: number): void {
    this.#facts[name] = value;
  }

  read(): RunNotes {
    const at = (percent: number): number => this.#histogram.percentile(percent);
    const latency =
      this.#histogram.count === 0
        ? undefined
        : { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), most: this.#histogram.max };
    return { latency, samples: [...this.#samples], facts: { ...this.#facts } };
  }
}
