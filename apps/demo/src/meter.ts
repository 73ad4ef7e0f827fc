// Rates and latencies of the last second or so, for the eye. The accounts that decide the verdict are kept elsewhere.

/** Counts events in buckets of time, for a rate and a history. */
export class Rate {
  readonly #bucketMs: number;
  readonly #buckets: number[] = [];
  #first = 0;

  /** @param bucketMs width of one bucket, in milliseconds */
  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs;
  }

  count(now: number): void {
    const index = this.#index(now);
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
  }

  /** Events per second in the last whole bucket. */
  perSecond(now: number): number {
    return ((this.#buckets[this.#index(now) - 1] ?? 0) * 1000) / this.#bucketMs;
  }

  /** Events per second of the last `length` whole buckets, oldest first; fewer in the beginning. */
  history(now: number, length: number): number[] {
    const end = this.#index(now);
    const rates: number[] = [];
    for (let index = Math.max(0, end - length); index < end; index++) {
      rates.push(((this.#buckets[index] ?? 0) * 1000) / this.#bucketMs);
    }
    return rates;
  }

  #index(now: number): number {
    if (this.#first === 0) this.#first = now;
    return Math.max(0, Math.floor((now - this.#first) / this.#bucketMs));
  }
}

/** Percentiles of the newest values. */
export class Latency {
  readonly #values: Float64Array;
  #count = 0;

  /** @param size how many of the newest values count */
  constructor(size = 1024) {
    this.#values = new Float64Array(size);
  }

  record(ms: number): void {
    this.#values[this.#count % this.#values.length] = ms;
    this.#count++;
  }

  /** @param fraction 0.5 = median; 0 while nothing was recorded */
  percentile(fraction: number): number {
    const held = this.#values.subarray(0, Math.min(this.#count, this.#values.length)).slice().sort();
    return held[Math.min(held.length - 1, Math.floor(held.length * fraction))] ?? 0;
  }
}
