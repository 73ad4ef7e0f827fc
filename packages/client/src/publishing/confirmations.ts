// Publishes somebody waits to see accepted: a PING goes out behind each, and a denial of its subject that comes before the PONG is
// its own. It decides nothing about links.

import type { Link } from "../session/link.js";

interface Confirmation {
  readonly subject: string;
  denied: Error | undefined;
}

export class Confirmations {
  readonly #open = new Set<Confirmation>();

  /** A publish to `subject` was denied: `errorFor` makes an error of its own for each that waits. */
  denied(subject: string, errorFor: () => Error): void {
    for (const one of this.#open) if (one.subject === subject) one.denied = errorFor();
  }

  /**
   * Publishes on the link that `link` yields, and resolves when the server has passed it.
   *
   * @param bounded puts the caller's bounds on the wait; when they have passed before there was a link, nothing is published
   */
  async confirm(
    subject: string,
    link: () => Link | Promise<Link>,
    publish: () => void,
    bounded: (work: Promise<void>) => Promise<void>,
  ): Promise<void> {
    const confirmation: Confirmation = { subject, denied: undefined };
    const confirmed = async (): Promise<void> => {
      const found = await link();
      if (!this.#open.has(confirmation)) return;
      publish();
      await found.roundTrip();
      if (confirmation.denied !== undefined) throw confirmation.denied;
    };
    this.#open.add(confirmation);
    try {
      await bounded(confirmed());
    } finally {
      this.#open.delete(confirmation);
    }
  }
}
