// What a connection tells the process it runs in, for whoever operates it: channels by name and the shapes of their messages.
// Words only; where the channels lead is the runtime's business. Source: node:diagnostics_channel, whose channels fit as
// they are.

/** One channel. A message is made only when somebody subscribes, so that a channel nobody wants costs one read. */
export interface DiagnosticsChannel<Message> {
  /** Read before a message is made. */
  readonly hasSubscribers: boolean;
  /** Hands the message to every subscriber, now. Does not throw. */
  publish(message: Message): void;
}

/** Gives channels by their names; the same one for the same name. */
export interface Diagnostics {
  /** The channel of that name. Does not throw. */
  channel<Name extends DiagnosticsChannelName>(name: Name): DiagnosticsChannel<DiagnosticsMessages[Name]>;
}

/** Names of the channels. */
export type DiagnosticsChannelName = keyof DiagnosticsMessages;

/** Of which connection a message speaks. */
export interface DiagnosticsSource {
  /** The connection itself, to tell one from another: a `NatsConnection` of @myelin/client. */
  readonly connection: object;
  /** Its `name`, as given to `connect()`. */
  readonly name: string | undefined;
}

/**
 * The channels and their messages. Nothing in them is secret: errors hold no credentials, servers are `host:port`, payloads and
 * headers are never told. Messages are new objects nobody changes afterwards.
 */
export interface DiagnosticsMessages {
  /** Every change of state, before the status events that follow from it. */
  "myelin:connection:state": DiagnosticsSource & { readonly from: string; readonly to: string };
  /** Every status event, before its listeners; see `StatusEvent` of @myelin/client for the fields of each type. */
  "myelin:connection:event": DiagnosticsSource & { readonly event: { readonly type: string } };
  /** An attempt on one server begins. `attempt` counts from 1 over the life of the connection. */
  "myelin:attempt:start": DiagnosticsSource & { readonly attempt: number; readonly server: string };
  /** The attempt ended after `ms` milliseconds; without `error` it led to a link, or came too late for one. */
  "myelin:attempt:end": DiagnosticsSource & {
    readonly attempt: number;
    readonly server: string;
    readonly ms: number;
    readonly error: Error | undefined;
    /** How far it had come: `dns`, `tcp`, `tls`, `info`, `auth` or `ping`; `undefined` without `error`. */
    readonly phase: string | undefined;
  };
  /** A link is up. `epoch` numbers the links of a connection from 1; `address` is what was dialled in the end. */
  "myelin:link:up": DiagnosticsSource & { readonly epoch: number; readonly server: string; readonly address: string };
  /** The link is gone; without `error` it was closed by us. Once for each link. */
  "myelin:link:down": DiagnosticsSource & {
    readonly epoch: number;
    readonly server: string;
    readonly error: Error | undefined;
  };
  /** `request()` was called. `request` numbers those of one connection that were told. */
  "myelin:request:start": DiagnosticsSource & { readonly request: number; readonly subject: string };
  /** It was answered, or failed with `error`, after `ms` milliseconds. */
  "myelin:request:end": DiagnosticsSource & {
    readonly request: number;
    readonly subject: string;
    readonly ms: number;
    readonly error: Error | undefined;
  };
}
