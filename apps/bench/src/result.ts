// What one scenario came to, as it is kept in results/ and rendered in reports. Words only.

import type { Figure, Steadiness } from "./measure.js";

/** Where and with what a scenario was run. */
export interface Circumstances {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** One-minute load average when it began: what else the machine was doing. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
  /** The command that does it again, at the root of the repository. */
  readonly command: string;
}

/** Memory of one line over its run. */
export interface MemoryFigure {
  readonly work: string;
  readonly who: string;
  readonly messages: number;
  readonly rss: Steadiness;
  readonly heapUsed: Steadiness;
}

/** Everything one scenario came to. */
export interface Result {
  readonly scenario: string;
  readonly title: string;
  readonly about: string;
  readonly circumstances: Circumstances;
  readonly figures: readonly Figure[];
  readonly memory: readonly MemoryFigure[];
  /** Who was left out, and why. */
  readonly skipped?: readonly string[];
}
