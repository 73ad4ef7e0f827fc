export { type FindServerOptions, findServer, type ServerBinary, type Source } from "./find-server.js";
export { type FailedSource, ServerLaunchError, ServerNotFoundError } from "./launch-errors.js";
