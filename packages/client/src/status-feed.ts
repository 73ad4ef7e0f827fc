// The way of status events to listeners and iterators: everybody sees the same order, nobody holds up or harms another, and
// what an iterator had to drop is said where it is missing. Which events there are is status.ts.

import { InvalidArgumentError } from "@myelin/contracts";
import { callable, suggestion } from "./argument-checks.js";
import { CallbackError } from "./errors.js";
import type { CloseStatus, Status, StatusEvent, StatusOf, StatusType } from "./status.js";
import { watched } from "./user-code.js";

/** Most events an iterator holds for a consumer that does not read; older ones are dropped first, and counted. */
export const STATUS_BACKLOG = 128;

// The one list of names, kept complete by its type.
const TYPES: { readonly [type in StatusType]: true } = {
  connect: true,
  disconnect: true,
  reconnecting: true,
  attemptFailed: true,
  reconnect: true,
  handover: true,
  update: true,
  ldm: true,
  error: true,
  ping: true,
  staleConnection: true,
  forceReconnect: true,
  slowConsumer: true,
  dropped: true,
  close: true,
};

type Listener = (status: StatusEvent) => unknown;

export class StatusFeed {
  readonly #listeners = new Map<StatusType, Set<Listener>>();
  readonly #iterators = new Set<StatusIterator>();
  // Told while another one is being told: a listener may well end the connection. Empty again when the outermost call returns.
  #queue: StatusEvent[] | undefined;
  #last: CloseStatus | undefined;
  readonly #observe: (status: StatusEvent) => void;

  /** @param observe told of every event before its listeners; does not throw */
  constructor(observe: (status: StatusEvent) => void = () => {}) {
    this.#observe = observe;
  }

  /**
   * Adds a listener for one type; the returned function removes it.
   *
   * @throws InvalidArgumentError for a type there is not
   */
  on<T extends StatusType>(type: T, listener: (status: StatusOf<T>) => void): () => void {
    if (!Object.hasOwn(TYPES, type)) {
      throw new InvalidArgumentError(
        "type",
        `"${String(type)}" is not a status event${suggestion(String(type), Object.keys(TYPES))}`,
      );
    }
    callable("listener", listener);
    const found = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, found);
    // One for each call, so that each is removed by its own function. Sound: it is only called with events of its type.
    const added: Listener = (status) => listener(status as StatusOf<T>);
    found.add(added);
    return () => found.delete(added);
  }

  /** A new iterator that starts with the next event and ends after `close`; at once when that was told already. */
  iterate(): AsyncIterableIterator<Status> {
    const iterator = new StatusIterator(() => this.#iterators.delete(iterator));
    if (this.#last === undefined) this.#iterators.add(iterator);
    else iterator.end();
    return iterator;
  }

  /**
   * Tells everybody; an event told from within a listener comes after the one being told, for everybody. `before` is done
   * before anybody is told, and what it tells comes after.
   */
  emit(status: StatusEvent, before?: () => void): void {
    if (this.#queue !== undefined) {
      this.#queue.push(status);
      before?.();
      return;
    }
    const queue = [status];
    this.#queue = queue;
    before?.();
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) this.#tell(next);
    this.#queue = undefined;
  }

  #tell(status: StatusEvent): void {
    if (this.#last !== undefined) return;
    if (status.type === "close") this.#last = status;
    this.#observe(status);
    for (const listener of [...(this.#listeners.get(status.type) ?? [])]) {
      const failed = (cause: unknown): void => this.#listenerFailed(status.type, cause);
      try {
        void watched(listener(status), failed);
      } catch (cause) {
        failed(cause);
      }
    }
    for (const iterator of this.#iterators) iterator.push(status);
    if (status.type === "close") for (const iterator of [...this.#iterators]) iterator.end();
  }

  #listenerFailed(type: StatusType, cause: unknown): void {
    // A listener of "error" that throws must not be told of itself for ever.
    if (type !== "error") this.emit({ type: "error", error: new CallbackError("listener", undefined, cause) });
  }
}

class StatusIterator implements AsyncIterableIterator<Status> {
  #events: StatusEvent[] = [];
  // Dropped since the consumer last read; they are all older than what is held.
  #dropped = 0;
  #waiting: ((result: IteratorResult<Status>) => void)[] = [];
  #ended = false;
  readonly #detach: () => void;

  constructor(detach: () => void) {
    this.#detach = detach;
  }

  push(status: StatusEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: status });
      return;
    }
    if (this.#events.length >= STATUS_BACKLOG) {
      this.#events.shift();
      this.#dropped++;
    }
    this.#events.push(status);
  }

  end(): void {
    this.#ended = true;
    this.#detach();
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Status>> {
    const event = this.#take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Status>> {
    this.#events = [];
    this.#dropped = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): Status | undefined {
    if (this.#dropped === 0) return this.#events.shift();
    const dropped = this.#dropped;
    this.#dropped = 0;
    return { type: "gap", dropped };
  }
}
