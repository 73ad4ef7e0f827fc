// What one run is asked to do and what it answers: the words between the parent, which compares, and the fresh child process
// in which one contestant does one piece of work. No measuring and no contestant lives here.

/** Who works. Each name is a module of `contestants/`. */
export type ContestantName = "myelin-codec" | "nats-js-codec" | "myelin-client" | "nats-js-client" | "bare-socket";

/** What a callback does with a message: nothing but count it, or look at what nearly every application looks at. */
export type Read = "nothing" | "subject+data";

/** Receives: messages of `size` bytes arrive, each becomes an object, and is read. */
export interface ReceiveWork {
  readonly kind: "receive";
  readonly size: number;
  readonly messages: number;
  readonly read: Read;
  /** Codec only: every chunk is a fresh copy, as from a socket, so that its memory must be given back. */
  readonly freshChunks: boolean;
}

/** Publishes `messages` messages of `size` bytes, a thousand in a turn of the event loop. */
export interface PublishWork {
  readonly kind: "publish";
  readonly size: number;
  readonly messages: number;
}

export type Work = ReceiveWork | PublishWork;

/** One run in one process. */
export interface Job {
  readonly contestant: ContestantName;
  /** Done `steps` times and measured as a whole; memory is sampled between the steps. */
  readonly work: Work;
  readonly steps: number;
  /** Messages of the same work before the clock starts. */
  readonly warmUp: number;
  /** Where the endpoint listens; 0 for a contestant without a socket. */
  readonly port: number;
}

/** Memory of the process between two steps, in bytes. */
export interface MemorySample {
  readonly messages: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

/** What a run measured. */
export interface Outcome {
  readonly messages: number;
  /** CPU time of the whole process (user and system, all threads: compiler and collector are paid for), in ns. */
  readonly cpuNs: number;
  /** Of it, system time. */
  readonly systemNs: number;
  readonly wallMs: number;
  /** Largest resident set of the process, start-up included, in bytes. */
  readonly peakRss: number;
  readonly memory: readonly MemorySample[];
}

/** One party in the comparison, connected and ready. Work resolves when the last message was handled, and checks itself. */
export interface Contestant {
  receive(work: ReceiveWork): Promise<void>;
  publish(work: PublishWork): Promise<void>;
  close(): Promise<void>;
}

/** What every module of `contestants/` exports as `open`. */
export type OpenContestant = (port: number) => Promise<Contestant>;

/** Throws unless as much arrived as was sent. */
export function expectCount(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}; the run is void`);
}
