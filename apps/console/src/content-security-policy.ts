// What the page may do: run its own script, use its own style, and open WebSockets. Nothing else, and nothing inline. In the page
// as an element, so that it holds wherever the files are served from, and as a header where we serve them.

/** As it stands in an element of the page. */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** Of every answer; who may show the page in a frame is told by a header only. */
export const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": `${PAGE_POLICY}; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
