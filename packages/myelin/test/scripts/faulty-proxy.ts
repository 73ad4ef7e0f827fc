// A TCP proxy in front of one server that can break every stream on both sides with a reset.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface FaultyProxy {
  readonly url: string;
  /** RST to everybody. */
  reset(): void;
  stop(): Promise<void>;
}

export async function openFaultyProxy(port: number): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      sockets.delete(socket);
      if (!other.destroyed) other.resetAndDestroy();
    });
    socket.pipe(other);
  };
  const listener = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    track(near, far);
    track(far, near);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    reset,
    async stop() {
      const closed = once(listener, "close");
      listener.close();
      reset();
      await closed;
    },
  };
}
