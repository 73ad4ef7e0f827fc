export type { Lookup, ResolvedAddress } from "./addresses.js";
export { nodeDiagnostics } from "./diagnostics.js";
export { type SrvLookup, type SrvServersOptions, srvServers } from "./srv-servers.js";
export type { Delay } from "./system.js";
export { defaults, type TcpTransportOptions, tcpTransport } from "./tcp-transport.js";
export { type UnixTransportOptions, unixTransport } from "./unix-transport.js";
