// Waiting in tests: for a condition, for a status event, for a promise, always bounded and never for a fixed time.

import type { DiagnosticsChannelName, NatsConnection, Status, StatusType } from "myelin";
import { expect } from "vitest";

const POLL_MS = 5;

/** Default bound of every wait here. */
export const PATIENCE = 10_000;

/** Resolves when `condition` holds; rejects after `ms`, saying what did not come about. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms: number = PATIENCE,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** `work`, or a rejection after `ms`. */
export function within<T>(what: string, work: Promise<T>, ms: number = PATIENCE): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The next event of one type. Ask before causing it. */
export function next<T extends StatusType>(
  nc: NatsConnection,
  type: T,
  ms: number = PATIENCE,
): Promise<Extract<Status, { type: T }>> {
  const seen = new Promise<Extract<Status, { type: T }>>((resolve) => {
    const stop = nc.on(type, (status) => {
      stop();
      resolve(status);
    });
  });
  return within(`status ${type}`, seen, ms);
}

/** Every event of these types from now on, in order. */
export function record(nc: NatsConnection, ...types: StatusType[]): Status[] {
  const seen: Status[] = [];
  for (const type of types) nc.on(type, (status) => void seen.push(status));
  return seen;
}

const CHANNELS: { readonly [name in DiagnosticsChannelName]: true } = {
  "myelin:connection:state": true,
  "myelin:connection:event": true,
  "myelin:attempt:start": true,
  "myelin:attempt:end": true,
  "myelin:link:up": true,
  "myelin:link:down": true,
  "myelin:request:start": true,
  "myelin:request:end": true,
};

/** Every diagnostics channel there is. */
export const everyChannel = Object.keys(CHANNELS) as readonly DiagnosticsChannelName[];

/** What `work` rejects with, checked to be of this class. */
export async function rejectionOf<E extends Error>(
  work: Promise<unknown>,
  // biome-ignore lint/suspicious/noExplicitAny: a class with whatever constructor
  type: new (...args: any[]) => E,
): Promise<E> {
  const error: unknown = await within("a rejection", work).then(
    () => new Error("it resolved"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(type);
  return error as E;
}

/** Milliseconds `work` takes. */
export async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
