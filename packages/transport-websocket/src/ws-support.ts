// What the constructor of `ws` takes and tells beyond the W3C interface, in one place: a runtime that cannot have it, a browser, leaves
// all of this out.

import { tlsOptionsOf } from "./tls.js";
import { asWs } from "./web-socket.js";
import type { WsSupport } from "./web-socket-transport.js";
import { wsOpeningError } from "./ws-errors.js";

export const wsSupport: WsSupport = { asWs, tlsOptionsOf, openingError: wsOpeningError };
