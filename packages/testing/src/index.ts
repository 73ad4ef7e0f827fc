// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export type { BrokerAuthorization, BrokerUser } from "./broker/authentication.js";
export { Broker, type BrokerAddress } from "./broker/broker.js";
export { BrokerCluster, type BrokerClusterOptions, type BrokerNodeOptions } from "./broker/broker-cluster.js";
export { BrokerConnection, type BrokerSubscription } from "./broker/broker-connection.js";
export type { BrokerStats } from "./broker/broker-node.js";
export type { BrokerOptions, BrokerTraffic } from "./broker/broker-options.js";
export type { MeshTimes } from "./broker/mesh.js";
export type { RoutedMessage, Subscriber, Subscription } from "./broker/message-router.js";
export { NodeFaults } from "./broker/node-faults.js";
export type { BrokerPermissions, SubjectRules } from "./broker/permissions.js";
export type { BrokerWebSocket } from "./broker/sockets.js";
export {
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateRequest,
} from "./certificates.js";
export { eventViolation, type RecordedEvent } from "./event-grammar.js";
export { FakeConnection, type FakeDelivery, type FakeSubscription } from "./fake-connection.js";
export type { FakeScript, PingReaction, Reaction } from "./fake-script.js";
export { FakeServer, type FakeServerOptions } from "./fake-server.js";
export { DoorFaults } from "./faults/door-faults.js";
export { FaultControl } from "./faults/fault-control.js";
export { FaultProxy, type FaultProxyOptions, type ProxyLink } from "./faults/fault-proxy.js";
export type { FaultDirection, Faults } from "./faults/link-faults.js";
export { type FindServerOptions, findServer, type ServerBinary, type Source } from "./find-server.js";
export { type FailedSource, ServerLaunchError, ServerNotFoundError } from "./launch-errors.js";
export { type MadeMsg, type MsgFields, type MsgPublisher, makeMsg } from "./make-msg.js";
export { MemoryPeer } from "./memory-connection.js";
export {
  type MemoryDial,
  type MemoryListener,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  type MemoryPeerHandler,
  memoryNetwork,
} from "./memory-network.js";
export { type PortReservation, reservePorts } from "./port-reservation.js";
export { realClock } from "./real-clock.js";
export { RealCluster, type RealClusterOptions } from "./real-cluster.js";
export { type Connz, RealServer, type RealServerOptions, type Routez, type Varz } from "./real-server.js";
export type {
  ReceivedConnect,
  ReceivedOp,
  ReceivedPing,
  ReceivedPub,
  ReceivedSub,
  ReceivedUnsub,
} from "./received-op.js";
export { seededRandom } from "./seeded-random.js";
export type { ClusterConfig } from "./server-config.js";
export type { ProbedInfo } from "./server-probe.js";
export {
  type ContractPeer,
  runTransportContract,
  type TransportContractCase,
  type TransportContractOptions,
  type TransportContractSubject,
} from "./transport-contract.js";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.js";
