// `npm run console` as its user has it: the command, its link in a real Chromium, a word at the terminal, and Ctrl-C.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { installedChromium } from "../../runtimes/src/browsers.js";
import { connected, eventually, told } from "./stage.js";

const app = fileURLToPath(new URL("../", import.meta.url));
const executablePath = installedChromium.find();
const nameOf = (sentence: string): string =>
  executablePath === undefined ? `skipped: ${installedChromium.missing}` : sentence;

it.skipIf(executablePath === undefined).each<[what: string, name: string, args: string[]]>([
  ["a cluster", "console", []],
  ["a cluster of stand-ins", "stand-in", ["--stand-in"]],
  ["stand-ins, when no server can be had,", "stand-in", []],
])(
  nameOf("one command starts %s and the page, obeys words, and leaves nothing behind at Ctrl-C"),
  async (what, name, args) => {
    const none = what.includes("can be had") ? { MYELIN_SERVER_SOURCES: "env", NATS_SERVER: "" } : {};
    const child = spawn(process.execPath, ["--conditions=@myelin/source", "--import", "tsx", "src/main.ts", ...args], {
      cwd: app,
      env: { ...process.env, ...none },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let printed = "";
    child.stdout.on("data", (bytes: Buffer) => {
      printed += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      printed += bytes.toString();
    });
    await eventually(() => printed).toMatch(/http:\S+#\S+connect=1[\s\S]*Ctrl-C/);
    expect(/No nats-server could be had/.test(printed)).toBe(what.includes("can be had"));
    expect(/STAND-IN/.test(printed)).toBe(name === "stand-in");
    const link = /http:\S+/.exec(printed)?.[0] ?? "";
    const ports = [...printed.matchAll(/ws:\/\/127\.0\.0\.1:(\d+) {2}nats/g)].map(([, port]) => Number(port));
    expect(ports).toHaveLength(3);
    const answer = await fetch(link);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'.*frame-ancestors 'none'$/);
    expect((await fetch(new URL("/nothing", link))).status).toBe(404);

    const browser = await installedChromium.launch(executablePath ?? "");
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const desk = { page, context: page.context(), complaints: [] };
    await page.goto(link);
    const at = await connected(desk);
    await eventually(() => page.locator("#servers-list li").count()).toBe(3);
    const node = ports.indexOf(Number(at.split(":")[1])) + 1;
    child.stdin.write(`kill ${node}\n`);
    await told(desk, /^[\s\S]*Lost 127/);
    expect(printed).toContain(`${name}-${node} was killed`);
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    for (const port of ports) await eventually(() => listens(port)).toBe(false);
  },
);

async function listens(port: number): Promise<boolean> {
  const socket = createConnection(port, "127.0.0.1");
  const open = await new Promise<boolean>((resolve) => {
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
  });
  socket.destroy();
  return open;
}
