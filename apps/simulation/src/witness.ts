// Writes down what the real clients of a fleet tell on their diagnostics channels: one listener for all of them, who say by their names
// which they are.

import type { StatusEvent } from "@myelin/client";
import type { Diagnostics, DiagnosticsChannel, DiagnosticsChannelName, DiagnosticsMessages } from "@myelin/contracts";
import type { Record } from "./record.js";

type Messages = DiagnosticsMessages;

/**
 * The channels of a fleet.
 *
 * @param first number of the record's first client
 * @param numberOf number of the server with this address
 */
export function witness(
  record: Record,
  first: number,
  now: () => number,
  numberOf: (server: string) => number,
): Diagnostics {
  const client = ({ name }: { readonly name: string | undefined }): number => Number(name) - first;
  const attempts: DiagnosticsChannel<Messages["myelin:attempt:start"]> = {
    hasSubscribers: true,
    publish: (message) => record.attempt(client(message), numberOf(message.server), now()),
  };
  const events: DiagnosticsChannel<Messages["myelin:connection:event"]> = {
    hasSubscribers: true,
    publish: (message) => {
      const event = message.event as StatusEvent;
      if (event.type === "disconnect") record.lost(client(message), numberOf(event.server), now());
      else if (event.type === "reconnect" || event.type === "handover")
        record.arrived(client(message), numberOf(event.server), now());
      else if (event.type === "close") record.ended(client(message), now());
    },
  };
  const nobody: DiagnosticsChannel<unknown> = { hasSubscribers: false, publish: () => {} };
  return {
    channel<Name extends DiagnosticsChannelName>(name: Name): DiagnosticsChannel<Messages[Name]> {
      if (name === "myelin:attempt:start") return attempts as DiagnosticsChannel<Messages[Name]>;
      if (name === "myelin:connection:event") return events as DiagnosticsChannel<Messages[Name]>;
      return nobody;
    },
  };
}
