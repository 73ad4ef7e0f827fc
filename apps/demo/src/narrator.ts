// Who tells the audience what happens: the live screen on a terminal, plain lines everywhere else.

import type { Act } from "./scenario.js";
import type { Stage } from "./stage.js";

export type Tone = "plain" | "good" | "bad" | "move";

export interface Narrator {
  /** One line about what takes time before the stage is set. */
  preparing(line: string): void;
  /** The stage is set; the label says what the servers are. */
  opened(stage: Stage, label: string): void;
  act(act: Act, number: number, total: number): void;
  /** Something happened; `move` = we did it to the cluster. */
  event(tone: Tone, line: string): void;
  /** Live output ends: what is written afterwards stays on the terminal. May be called again. */
  close(): void;
}
