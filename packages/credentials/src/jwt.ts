// What this package reads of a user JWT: when it ends. Nothing is verified; that is the server's business. Source: RFC 7519.

/** `exp` in milliseconds since the Unix epoch; `undefined` for a token that never ends, or is none. */
export function expiryOf(jwt: string): number | undefined {
  const claims = jwt.split(".")[1];
  if (claims === undefined) return undefined;
  try {
    const { exp } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))) as { readonly exp?: unknown };
    return typeof exp === "number" && Number.isFinite(exp) && exp > 0 ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
