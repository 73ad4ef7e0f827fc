// Whether a server says the same thing twice. Errors are made anew each time, so their words are compared.

/** True for two errors of one name, message and code. */
export function sameError(a: Error | undefined, b: Error): boolean {
  return a !== undefined && a.name === b.name && a.message === b.message && codeOf(a) === codeOf(b);
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}
