// What a fake server was sent, as people write the protocol.

/** The first line of each operation. */
export const texts = (received: readonly { text: string }[]): string[] =>
  received.map((op) => op.text.split("\r\n")[0] ?? "");
