// One message in a list: a line that opens to all of it.

import { make } from "../dom.js";
import { linesOf } from "../header-lines.js";
import { shown, sizeOf } from "../payload.js";
import type { Received } from "../received.js";
import type { Format } from "../settings.js";
import { timeOf } from "./time.js";

/** What is inside is made when it is opened for the first time: most are never looked at. */
export function messageItem(message: Received, format: Format): HTMLLIElement {
  const { subject, bytes, size, headers } = message;
  const payload = shown(bytes, format, size);
  const fields = headers === undefined ? 0 : Object.keys(headers).length;
  const details = make(
    "details",
    {},
    make(
      "summary",
      {},
      make("time", { datetime: new Date(message.at).toISOString() }, timeOf(new Date(message.at))),
      make("span", { class: "subject" }, subject),
      make("span", { class: "payload", "data-as": payload.as }, payload.line),
      ...(fields === 0 ? [] : [make("span", { class: "badge" }, `${fields} ${fields === 1 ? "header" : "headers"}`)]),
      make("span", { class: "quiet size" }, sizeOf(size)),
    ),
  );
  details.addEventListener("toggle", () => details.append(...wholeOf(message, payload.full)), { once: true });
  return make("li", {}, details);
}

/** Reply, headers and payload, each where there is one. */
export function wholeOf({ reply, headers, size }: Received, full: string): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (reply !== undefined && reply !== "")
    parts.push(make("p", { class: "quiet" }, "reply to ", make("code", {}, reply)));
  if (headers !== undefined) {
    const lines = linesOf(headers);
    if (lines.length > 0) parts.push(make("pre", { class: "headers", "aria-label": "headers" }, lines.join("\n")));
  }
  parts.push(
    size === 0
      ? make("p", { class: "quiet" }, "no payload")
      : make("pre", { "aria-label": "payload", tabindex: "0" }, full),
  );
  return parts;
}
