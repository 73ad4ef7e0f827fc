// Where in the caller's code an operation began. The stack exists only while the call runs, and taking it costs 5 to 20 µs however
// few of its frames are taken, as much as all else of a request; so there is a bound on how much of a second goes there.

/** Where in the caller's code an operation began; formatted only when it is read. */
export interface CallSite {
  readonly stack?: string;
}

/** Stacks taken in a second at most: 1 % of it, at the most, where they are dear. */
const TAKEN = 500;
const SECOND = 1_000;

/** The stack above `callee`; `undefined` where the runtime cannot. */
export function callSite(callee: object): CallSite | undefined {
  const { captureStackTrace } = Error as { captureStackTrace?: (target: object, above: object) => void };
  if (captureStackTrace === undefined) return undefined;
  const site: CallSite = {};
  captureStackTrace(site, callee);
  return site;
}

/** The stacks that the calls of one connection may take. */
export class CallSites {
  /** False when the user wants none. */
  readonly wanted: boolean;
  readonly #now: () => number;
  #begin = Number.NEGATIVE_INFINITY;
  #taken = 0;

  constructor(wanted: boolean, now: () => number) {
    this.wanted = wanted;
    this.#now = now;
  }

  /** The stack above `callee`; `undefined` when none is wanted, or this second has had its share. */
  of(callee: object): CallSite | undefined {
    if (!this.wanted || !this.#mayTake()) return undefined;
    return callSite(callee);
  }

  #mayTake(): boolean {
    if (this.#taken < TAKEN) {
      this.#taken++;
      return true;
    }
    const now = this.#now();
    if (now - this.#begin < SECOND) return false;
    this.#begin = now;
    this.#taken = 1;
    return true;
  }
}
