// Whether the status events of a connection are a word of the grammar that @myelin/client documents beside `Status`. It reads
// `type` and `epoch` and nothing else, so it knows no client; a test of an application may use it on what it recorded.

/** What is read of an event. */
export interface RecordedEvent {
  /** As `type` of a status event. */
  readonly type: string;
  /** Number of the link the event belongs to. */
  readonly epoch?: number | undefined;
  /** Of a `gap`: how many are missing. */
  readonly dropped?: number | undefined;
}

type Phase = "unlinked" | "linked" | "failing" | "down" | "closed";
type Moves = { readonly [type in string]?: Phase };

const GRAMMAR: { readonly [phase in Phase]: Moves } = {
  unlinked: { attemptFailed: "unlinked", forceReconnect: "unlinked", connect: "linked", close: "closed" },
  linked: {
    ping: "linked",
    ldm: "linked",
    attemptFailed: "linked",
    handover: "linked",
    staleConnection: "failing",
    forceReconnect: "failing",
    disconnect: "down",
    close: "closed",
  },
  failing: { forceReconnect: "failing", disconnect: "down", close: "closed" },
  down: {
    forceReconnect: "down",
    reconnecting: "down",
    attemptFailed: "down",
    reconnect: "linked",
    close: "closed",
  },
  closed: {},
};
const PHASES = Object.keys(GRAMMAR) as Phase[];
const ANYWHERE = new Set(["error", "update", "slowConsumer", "dropped", "gap"]);
const WITHOUT_EPOCH = new Set(["update", "slowConsumer", "dropped", "gap", "close"]);

/**
 * The first event that may not stand where it does, as a sentence; `undefined` when all may.
 *
 * @param events all events from one moment on, in order, of a status iterator or of listeners of every type
 * @param link number of the link that was up at that moment; 0 (default) = recorded from the beginning
 */
export function eventViolation(events: readonly RecordedEvent[], link = 0): string | undefined {
  // After a gap there is more than one phase it can be in.
  let phases: readonly Phase[] = [link === 0 ? "unlinked" : "linked"];
  let epoch = link;
  let gap = false;
  // Attempts of an outage that a `reconnecting` began; not known after a gap.
  const attempts = { known: true, begun: 0, failed: 0 };
  for (const [index, event] of events.entries()) {
    const { type } = event;
    const wrong = (problem: string): string => {
      const before = events.slice(Math.max(0, index - 5), index).map((one) => one.type);
      return `event ${index + 1}, ${type}: ${problem}; before it: ${before.join(", ") || "nothing"}`;
    };
    if (phases.length === 1 && phases[0] === "closed") return wrong("nothing may follow close");
    const problem = epochProblem(event, epoch, gap);
    if (problem !== undefined) return wrong(problem);
    if (type === "gap") {
      if (!Number.isInteger(event.dropped) || Number(event.dropped) < 1)
        return wrong("it must tell how many are missing");
      phases = PHASES.filter((phase) => phase !== "closed");
      gap = true;
      attempts.known = false;
    }
    if (ANYWHERE.has(type)) continue;
    const next = new Set(phases.map((phase) => GRAMMAR[phase][type]).filter((phase) => phase !== undefined));
    if (next.size === 0) return wrong(`it may not come while ${phases.join(" or ")}`);
    if (phases.includes("down") && !next.has("linked") && attempts.known) {
      const problem = attemptProblem(type, attempts);
      if (problem !== undefined) return wrong(problem);
    } else if (type === "reconnect" && attempts.known && attempts.begun > 0 && attempts.begun === attempts.failed) {
      return wrong("every attempt had failed");
    }
    if (type === "disconnect" || (next.has("linked") && next.size === 1)) {
      attempts.known = true;
      attempts.begun = attempts.failed = 0;
    }
    phases = [...next];
    if (event.epoch !== undefined) {
      epoch = event.epoch;
      gap = false;
    }
  }
  return undefined;
}

function attemptProblem(type: string, attempts: { begun: number; failed: number }): string | undefined {
  if (type === "reconnecting") attempts.begun++;
  if (type === "attemptFailed" && ++attempts.failed > attempts.begun) return "no attempt was under way";
  return type === "forceReconnect" && attempts.begun > attempts.failed ? "an attempt is under way" : undefined;
}

function epochProblem({ type, epoch }: RecordedEvent, latest: number, gap: boolean): string | undefined {
  if (WITHOUT_EPOCH.has(type) || (type === "error" && epoch === undefined)) return undefined;
  if (epoch === undefined) return "it has no epoch";
  // One more than the latest is the link of a move under way.
  if (type === "error") return epoch >= 1 && (gap || epoch <= latest + 1) ? undefined : `there was no link ${epoch}`;
  if (type === "connect" && epoch !== 1) return `the first link is 1, not ${epoch}`;
  const begins = type === "connect" || type === "reconnect" || type === "handover";
  const expected = begins ? latest + 1 : latest;
  if (gap ? epoch < latest : epoch !== expected) return `its epoch is ${epoch}, expected ${expected}`;
  return undefined;
}
