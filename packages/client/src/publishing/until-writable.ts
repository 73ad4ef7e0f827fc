// A publisher's wait for room: on the present link, or on whichever comes next. How much room there is, is the link's matter.

import type { Clock } from "@myelin/contracts";
import { type Bounds, bounded, checkedBounds } from "../bounded.js";
import type { Link } from "../session/link.js";

/**
 * Resolves when a publisher may go on.
 *
 * @param next the present link, else the next one, within these bounds
 * @param goesOn whether another link takes the place of this one, which is lost
 */
export async function untilWritable(
  next: (bounds: Bounds) => Link | Promise<Link>,
  goesOn: (link: Link) => boolean,
  bounds: Bounds,
  clock: Clock,
): Promise<void> {
  const within = checkedBounds(bounds, "writable()");
  const wait = async (inner: Bounds): Promise<void> => {
    const link = await next(inner);
    await link.writable().catch((error: unknown) => {
      if (!goesOn(link)) throw error;
      return wait(inner);
    });
  };
  if (within.timeout === undefined && within.signal === undefined) return wait(within);
  // Who has stopped waiting for this link is not to wait for the next one either.
  const over = new AbortController();
  try {
    await bounded(wait({ signal: over.signal }), within, "writable()", clock);
  } finally {
    over.abort(within);
  }
}
