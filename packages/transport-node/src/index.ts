// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export type { Lookup, ResolvedAddress } from "./addresses.js";
export { nodeDiagnostics } from "./diagnostics.js";
export type { Dial, DialDestination } from "./dial-hook.js";
export { type HttpConnectOptions, httpConnect } from "./http-connect.js";
export { type Socks5Options, socks5 } from "./socks5.js";
export { type SrvLookup, type SrvServersOptions, srvServers } from "./srv-servers.js";
export type { Delay } from "./system.js";
export { defaults, type TcpTransportOptions, tcpTransport } from "./tcp-transport.js";
export { type UnixTransportOptions, unixTransport } from "./unix-transport.js";
