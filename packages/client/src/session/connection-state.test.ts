import { describe, expect, it } from "vitest";
import { type ConnectionState, ConnectionStateMachine, type State, transitions } from "./connection-state.js";

const stateOf = (kind: ConnectionState): State =>
  ({ kind, server: undefined, link: undefined, cause: undefined, reason: undefined, until: 0 }) as unknown as State;

// A machine led to `kind` by legal steps.
function machineIn(
  kind: ConnectionState,
  observe: (from: State, to: State) => void = () => {},
): ConnectionStateMachine {
  const path: { readonly [state in ConnectionState]: readonly ConnectionState[] } = {
    idle: [],
    dialing: ["dialing"],
    waiting: ["dialing", "waiting"],
    connected: ["dialing", "connected"],
    draining: ["dialing", "connected", "draining"],
    closed: ["closed"],
  };
  const machine = new ConnectionStateMachine(observe);
  for (const step of path[kind]) machine.to({ ...stateOf(step), leave: () => {} } as State);
  return machine;
}

const kinds = Object.keys(transitions) as ConnectionState[];

describe("ConnectionStateMachine", () => {
  it.each(kinds.flatMap((from) => kinds.map((to) => [from, to] as const)))(
    "allows %s → %s exactly when the table has it",
    (from, to) => {
      const machine = machineIn(from);
      if (transitions[from].includes(to)) {
        machine.to({ ...stateOf(to), leave: () => {} } as State);
        expect(machine.state.kind).toBe(to);
      } else {
        expect(() => machine.to(stateOf(to))).toThrow(`no transition from ${from} to ${to}`);
        expect(machine.state.kind).toBe(from);
      }
    },
  );

  it("leaves a state once, before anybody is told of the next one", () => {
    const order: string[] = [];
    const machine = machineIn("idle", (from, to) => order.push(`${from.kind} → ${to.kind}`));
    machine.to({ ...stateOf("dialing"), leave: () => order.push("left dialing") } as State);
    machine.to(stateOf("closed"));
    expect(order).toEqual(["idle → dialing", "left dialing", "dialing → closed"]);
  });

  it("closed is final, and every other state can reach it", () => {
    expect(transitions.closed).toEqual([]);
    for (const kind of kinds) if (kind !== "closed") expect(transitions[kind]).toContain("closed");
  });
});
