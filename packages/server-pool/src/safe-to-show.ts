// What of an address may be shown to people: neither credentials nor the values of a query, which is where a gateway before a WebSocket
// has its tokens. What an address means, and how two that would look alike are told apart, is server-url.ts.

/** The path, with `***` for every value of its query: the names stay, so that servers can be told apart. */
export function withoutValues(path: string): string {
  // A field without a name may be a token as a whole.
  return path.replace(/\?.*$/s, (query) => query.replace(/([?&](?:[^=&]*=)?)[^&]+/g, "$1***"));
}

/**
 * How an address that may be misspelt is named in a message: what stands before the last `@` may be a secret (also where a raw `/` or
 * `:` in a password broke the syntax), and so may what stands behind a `?`.
 */
export function safeLabel(text: string): string {
  const shown = withoutSecrets(text);
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown);
}

function withoutSecrets(text: string): string {
  const at = text.lastIndexOf("@");
  const query = text.indexOf("?");
  // Either credentials hold a question mark or a query holds an @: no telling which part is the host.
  if (query >= 0 && query < at) return `${/^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? ""}…`;
  return withoutValues(at < 0 ? text : `…@${text.slice(at + 1)}`);
}
