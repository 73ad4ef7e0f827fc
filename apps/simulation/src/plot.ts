// A run as a picture: for each policy a row of attempts in every 100 ms and of clients without a connection, over time, and of the
// clients on each server in the end. All rows have the same axes. SVG as text, without a script or a font of its own.

import { BUCKET } from "./record.js";
import type { Result } from "./run.js";
import { percent, seconds } from "./table.js";

const WIDTH = 1120;
const ROW = 170;
const TOP = 78;
const LEFT = 70;
const TIME = 700;
const SPREAD_LEFT = 850;
const SPREAD = 240;
const HEIGHT = 112;
/** The part of all clients at the bottom of the logarithmic axis. */
const FLOOR = 0.0001;
const INK = "#1f2430";
const FAINT = "#d5d9e0";
const ATTEMPTS = "#2f6fb3";
const DOWN = "#c4572e";
const BOUND = "#8a6d00";

/** All of one scenario; the first of them decides the axes. */
export function plot(results: readonly Result[], title: string, caption: string): string {
  const [first] = results;
  if (first === undefined) throw new RangeError("a plot needs results");
  const top = Math.max(1, ...results.map(({ busiest }) => busiest));
  const height = TOP + results.length * ROW + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="17" font-weight="600">${escaped(title)}</text>`,
    `<text x="16" y="46">${escaped(caption)}</text>`,
    `<rect x="${LEFT}" y="56" width="10" height="10" fill="${ATTEMPTS}"/><text x="${LEFT + 15}" y="65">attempts in each 100 ms, a part of all clients</text>`,
    `<rect x="${LEFT + 310}" y="56" width="10" height="10" fill="${DOWN}"/><text x="${LEFT + 325}" y="65">clients without a connection</text>`,
    `<text x="${SPREAD_LEFT}" y="65">clients on each server in the end</text>`,
    ...results.map((result, row) => rowOf(result, TOP + row * ROW, top, first.scenario.plotted)),
    "</svg>",
  ].join("\n");
}

function rowOf(result: Result, y: number, top: number, plotted: number): string {
  const { clients } = result.record;
  const buckets = (plotted * 1_000) / BUCKET;
  const x = (bucket: number): number => LEFT + (bucket / buckets) * TIME;
  const level = (part: number): number => {
    const above = Math.log10(Math.max(part, FLOOR) / FLOOR) / Math.log10(top / FLOOR);
    return y + 24 + HEIGHT - above * HEIGHT;
  };
  const base = y + 24 + HEIGHT;
  const width = Math.max(1, TIME / buckets).toFixed(2);
  const bars = result.record.attempts
    .slice(0, buckets)
    .map((count, bucket) => ({ count, bucket }))
    .filter(({ count }) => count > 0)
    .map(({ bucket, count }) => {
      const at = level(count / clients);
      return `<rect x="${x(bucket).toFixed(2)}" y="${at.toFixed(1)}" width="${width}" height="${(base - at).toFixed(1)}"/>`;
    });
  const down = result.record.down
    .slice(0, buckets)
    .map(
      (count, bucket) => `${bucket === 0 ? "M" : "L"}${x(bucket + 1).toFixed(1)} ${level(count / clients).toFixed(1)}`,
    );
  const parts = [1, 0.1, 0.02, 0.001].filter((part) => part <= top);
  const ended = result.gaveUp > 0 ? `, ${percent(result.gaveUp / clients)} of clients gave up` : "";
  const all = result.stillDown + result.gaveUp > 0 ? "not all back" : `all back ${seconds(result.last)}`;
  const back = result.record.outages.length > 0 ? `half back ${seconds(result.half)}, ${all}` : all;
  const moved = result.moves > 0 ? `, ${result.moves} moves` : "";
  const caption = `busiest 100 ms ${percent(result.busiest)}, of repeats ${percent(result.busiestRepeats)}; ${back}${ended}${moved}`;
  return [
    `<text x="${LEFT}" y="${y + 15}"><tspan font-weight="600">${escaped(result.policy)}</tspan>  ${escaped(caption)}</text>`,
    ...parts.map((part) => grid(level(part), percentLabel(part), part === 0.02)),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (part) =>
        `<text x="${LEFT + part * TIME}" y="${base + 14}" text-anchor="middle" font-size="11">${plotted * part} s</text>`,
    ),
    `<g fill="${ATTEMPTS}">${bars.join("")}</g>`,
    `<path d="${down.join("")}" fill="none" stroke="${DOWN}" stroke-width="1.6"/>`,
    spread(result, y),
  ].join("\n");
}

function grid(at: number, label: string, isBound: boolean): string {
  const stroke = isBound ? `stroke="${BOUND}" stroke-dasharray="4 3"` : `stroke="${FAINT}"`;
  return `<line x1="${LEFT}" x2="${LEFT + TIME}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" ${stroke}/><text x="${LEFT - 6}" y="${(at + 4).toFixed(1)}" text-anchor="end" font-size="10">${label}</text>`;
}

function spread({ homes, record, unevenness }: Result, y: number): string {
  const most = Math.max(...homes, 1);
  const base = y + 24 + HEIGHT;
  const step = SPREAD / homes.length;
  const bars = homes.map((count, server) => {
    const height = (count / most) * (HEIGHT - 14);
    const left = SPREAD_LEFT + server * step;
    return `<rect x="${(left + 1).toFixed(1)}" y="${(base - height).toFixed(1)}" width="${(step - 3).toFixed(1)}" height="${height.toFixed(1)}" fill="${ATTEMPTS}"/><text x="${(left + step / 2).toFixed(1)}" y="${base + 14}" text-anchor="middle" font-size="11">${server}</text><text x="${(left + step / 2).toFixed(1)}" y="${(base - height - 4).toFixed(1)}" text-anchor="middle" font-size="9">${percentLabel(count / record.clients)}</text>`;
  });
  const caption = `farthest from equal: ${percent(unevenness)}`;
  return `<text x="${SPREAD_LEFT}" y="${y + 15}">${caption}</text>${bars.join("")}`;
}

function percentLabel(part: number): string {
  return `${Number((part * 100).toPrecision(2))} %`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
