// A random order that replays.

/** A copy in random order, each as likely. */
export function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const copy: T[] = [];
  for (const one of all) {
    const place = Math.floor(random() * (copy.length + 1));
    const moved = copy[place];
    if (moved === undefined) copy.push(one);
    else {
      copy.push(moved);
      copy[place] = one;
    }
  }
  return copy;
}
