#!/usr/bin/env node
// Stands in for the executable of Firefox when playwright-core starts one: runs that of MYELIN_FIREFOX with the same arguments, and passes
// on what the two say to each other over WebDriver BiDi. It does so for one command, by which playwright-core asks each new context for the
// colours it should tell pages of: Firefox up to 153 at least does not know it, and without an answer no page can be opened. Here it is told
// that all is well, and pages have the colours of the machine. To be dropped when the oldest Firefox of interest knows the command.
// Source: W3C WebDriver BiDi.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { WebSocket, WebSocketServer } from "ws";

const COLOURS = "emulation.setMediaFeaturesOverride";
const LISTENS = /WebDriver BiDi listening on (ws:\/\/\S+)$/;

const firefox = spawn(process.env["MYELIN_FIREFOX"] ?? "firefox", process.argv.slice(2), {
  stdio: ["ignore", "ignore", "pipe"],
});
firefox.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
firefox.on("exit", (code) => process.exit(code ?? 1));
createInterface({ input: firefox.stderr }).on("line", (line) => {
  const [, url] = LISTENS.exec(line) ?? [];
  if (url === undefined) process.stderr.write(`${line}\n`);
  else void relay(url);
});

/** @param {string} url where Firefox listens */
async function relay(url) {
  const browser = new WebSocket(`${url}/session`, { perMessageDeflate: false });
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await Promise.all([once(browser, "open"), once(server, "listening")]);
  server.on("connection", (driver) => {
    /** The commands for colours that wait for their answer. */
    const asked = new Set();
    driver.on("message", (data) => {
      const text = String(data);
      if (text.includes(COLOURS)) {
        const { id, method } = JSON.parse(text);
        if (method === COLOURS) asked.add(id);
      }
      browser.send(text);
    });
    browser.on("message", (data) => {
      const text = String(data);
      driver.send(asked.size > 0 ? answered(asked, text) : text);
    });
    // Without its driver nobody would end it.
    driver.on("close", () => firefox.kill("SIGKILL"));
    browser.on("close", () => driver.close());
  });
  process.stderr.write(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}\n`);
}

/** What Firefox said, or for a command for colours that it does not know, that all is well. */
function answered(asked, text) {
  const { id, error } = JSON.parse(text);
  if (!asked.delete(id) || error !== "unknown command") return text;
  return JSON.stringify({ type: "success", id, result: {} });
}
