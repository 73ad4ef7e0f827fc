// Headers as somebody types them: one a line, `Name: value`. Pure.

import { headers, InvalidArgumentError, type MsgHdrs } from "myelin";

/** `undefined` for no lines. Throws InvalidArgumentError with the line's number, or HeaderError for a name or value that cannot be. */
export function headersOf(text: string): MsgHdrs | undefined {
  const made = headers();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw new InvalidArgumentError("headers", `line ${index + 1} is not Name: value`);
    made.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return made.size() === 0 ? undefined : made;
}

/** The other way round, in the order received. */
export function linesOf(fields: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(fields).flatMap(([name, values]) => values.map((value) => `${name}: ${value}`));
}
