// The scenarios of fleet.ts, with figures. From the root of the repository, a hundred thousand clients unless told otherwise:
//   node --conditions=@myelin/source --import tsx packages/server-pool/test/fleet-report.ts 100000

import { type Behaviour, Fleet, type FleetOptions } from "./fleet.js";

const CLIENTS = Number(process.argv[2] ?? 100_000);
const DEAD = [0, 1, 2];
const ALIVE = [3, 4, 5, 6, 7, 8];
const ALL = [...DEAD, ...ALIVE];

const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : "-");

function report(name: string, options: Partial<FleetOptions>, play: (fleet: Fleet) => void): void {
  const begin = performance.now();
  const fleet = new Fleet({ clients: CLIENTS, servers: 9, ...options });
  const built = performance.now();
  play(fleet);
  const took = performance.now() - built;
  const firstWave = options.firstAttemptJitter ?? 100;
  const times = fleet.recovered.sort((a, b) => a - b);
  const at = (part: number): string => seconds(times[Math.floor(times.length * part)] ?? Number.NaN);
  process.stdout.write(
    `| ${name} | ${percent(fleet.peak(0))} | ${percent(fleet.peak(firstWave))} | ${at(0.5)} | ${at(0.99)} | ${at(0.9999)} | ` +
      `${percent(fleet.unevenness())} | ${fleet.decisions} | ${seconds(built - begin)} + ${seconds(took)} |\n`,
  );
}

const during = (behaviour: Behaviour) => (fleet: Fleet) => {
  fleet.behave(ALIVE, behaviour);
  fleet.kill(DEAD);
  fleet.run(20_000);
  fleet.behave(ALIVE, { kind: "accepts" });
  fleet.run(120_000);
};

process.stdout.write(
  `${CLIENTS} clients, 9 servers; three die at 0. Dials in the busiest 100 ms as a part of all clients.\n\n`,
);
process.stdout.write(
  "| scenario | busiest | after the first wave | half are back | 99 % | 99.99 % | unevenness | decisions | set-up + run |\n",
);
process.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
report("six accept", {}, during({ kind: "accepts" }));
report("six admit 20 each in 100 ms", {}, during({ kind: "admits", per100ms: 20 }));
report("six are full for 20 s", {}, during({ kind: "refused-by-server" }));
report("six refuse the credentials for 20 s", {}, during({ kind: "auth" }));
report("six refuse the dial for 20 s", {}, during({ kind: "network" }));
report("six are silent for 20 s", {}, during({ kind: "timeout" }));
for (const kind of ["refused-by-server", "network"] as const) {
  report(`six ${kind} for 20 s, firstAttemptJitter 5 000`, { firstAttemptJitter: 5_000 }, during({ kind }));
}
report("three seeds of nine, they die", { seeds: 3 }, during({ kind: "accepts" }));
report("all nine die, back after 20 s", {}, (fleet) => {
  fleet.kill(ALL);
  fleet.run(20_000);
  fleet.revive(ALL);
  fleet.run(120_000);
});
const revival = (fleet: Fleet): void => {
  fleet.kill(DEAD);
  fleet.run(30_000);
  for (const server of DEAD) fleet.revive([server]);
  fleet.run(150_000);
};
report("three die, back after 30 s", {}, revival);
report("the same with rebalance", { rebalance: true }, revival);
report("the same, three seeds of nine, with rebalance", { rebalance: true, seeds: 3 }, revival);
