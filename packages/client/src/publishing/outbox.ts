// Where a publish goes. The connection swaps its outbox on every state transition, so that publishing asks no questions.

import type { MsgHdrs, Payload } from "@myelin/protocol";

/** Accepts publishes: a link, the outage buffer, or something that refuses. */
export interface Outbox {
  /**
   * Takes one message; the payload is copied before it returns.
   *
   * @param now somebody waits for what comes of it: where nothing else waits for the end of the turn, it does not either
   * @returns false when the publisher should wait for `writable()` before the next one; this one is accepted
   * @throws a NatsError when the message is refused; nothing of it was kept
   */
  publish(
    subject: string,
    reply: string | undefined,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
    now?: boolean,
  ): boolean;
}

/** Refuses every publish with the error `refusal` makes. */
export function refusingOutbox(refusal: (subject: string) => Error): Outbox {
  return {
    publish(subject: string): boolean {
      throw refusal(subject);
    },
  };
}
