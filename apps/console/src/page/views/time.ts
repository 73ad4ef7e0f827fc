// A moment of today, to the thousandth where things happen fast.

/** `14:03:07.250`, local. */
export function timeOf(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const [h, m, s] = [at.getHours(), at.getMinutes(), at.getSeconds()];
  return `${two(h)}:${two(m)}:${two(s)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
