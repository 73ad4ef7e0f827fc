// Watches what every socket of this process is handed in one write: its size, and when the newest socket's first one came. The
// two methods are the ones a Node stream calls to give bytes to the operating system; several waiting chunks come in one call.

import { Socket } from "node:net";

type Write = Socket["_write"];
type WriteV = NonNullable<Socket["_writev"]>;

export class WriteWatch {
  readonly #write: Write = Socket.prototype._write;
  readonly #writev: WriteV | undefined = Socket.prototype._writev;
  readonly #known = new WeakSet<Socket>();
  #largest = 0;
  #firstAt: number | undefined;

  constructor() {
    const saw = (socket: Socket, bytes: number): void => {
      if (!this.#known.has(socket)) this.#firstAt = performance.now();
      this.#known.add(socket);
      this.#largest = Math.max(this.#largest, bytes);
    };
    const write = this.#write;
    const writev = this.#writev;
    Socket.prototype._write = function (...args) {
      saw(this, (args[0] as Uint8Array).length);
      write.apply(this, args);
    };
    if (writev === undefined) return;
    Socket.prototype._writev = function (...args) {
      saw(
        this,
        args[0].reduce((sum, { chunk }) => sum + (chunk as Uint8Array).length, 0),
      );
      writev.apply(this, args);
    };
  }

  /** Bytes of the largest write. */
  get largest(): number {
    return this.#largest;
  }

  /** When the newest socket was written to first; now when none was. */
  get firstAt(): number {
    return this.#firstAt ?? performance.now();
  }

  stop(): void {
    Socket.prototype._write = this.#write;
    if (this.#writev !== undefined) Socket.prototype._writev = this.#writev;
  }
}
