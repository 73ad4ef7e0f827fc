export { type FindServerOptions, findServer, type ServerBinary, type Source } from "./find-server.js";
export { type FailedSource, ServerLaunchError, ServerNotFoundError } from "./launch-errors.js";
export { type PortReservation, reservePorts } from "./port-reservation.js";
export { RealCluster, type RealClusterOptions } from "./real-cluster.js";
export { type Connz, RealServer, type RealServerOptions, type Routez, type Varz } from "./real-server.js";
export type { ClusterConfig } from "./server-config.js";
export type { ProbedInfo } from "./server-probe.js";
