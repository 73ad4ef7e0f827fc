// Numbers as the reports write them.

export function nanoseconds(value: number): string {
  if (value < 10) return value.toFixed(1);
  return value < 100_000 ? value.toFixed(0) : `${(value / 1_000).toFixed(0)} k`;
}

/** From nanoseconds. */
export function microseconds(value: number): string {
  const micro = value / 1_000;
  return micro.toFixed(micro < 100 ? 1 : 0);
}

export function millions(value: number): string {
  if (value < 100_000) return count(value);
  return `${(value / 1e6).toFixed(value < 1e7 ? 2 : 1)} M`;
}

export function mebibytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} MiB`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

export function plain(value: number): string {
  return value < 10 ? value.toFixed(1) : count(value);
}
