// What modules of the client are for, as its README counts them: features one could do without, and what keeps a connection and tells of it.

/** By the path of a module; the first that matches counts. */
const PARTS: readonly (readonly [part: string, modules: RegExp])[] = [
  [
    "moves between servers and failback",
    /client\/src\/(handovers?\.ts|session\/mov(e|ing)\.ts|messaging\/overlap)|server-pool\/src\/mover/,
  ],
  ["servers from a function", /client\/src\/session\/seeding/],
  ["requests for many answers and traces", /client\/src\/(messaging\/(request-many|trace)|publishing\/publish-traces)/],
  ["the buffer for outages", /client\/src\/publishing\/outage-buffer/],
  ["checks of names and kinds of options and arguments", /client\/src\/(option-kinds|argument-checks)/],
  ["the history", /client\/src\/history/],
  ["gossip, and strategies of one's own", /server-pool\/src\/(gossip|guarded-policy|strategy)/],
  ["codec and headers", /packages\/protocol\//],
  ["servers, their addresses and waits", /packages\/server-pool\//],
  ["links, attempts and the states between them", /client\/src\/(session\/|attempt-ranking|next-link|connect\.ts)/],
  ["WebSocket", /packages\/transport-websocket\//],
  [
    "errors and what they advise",
    /client\/src\/(errors|server-error|connect-advice|operation-facts)|packages\/contracts\//,
  ],
  ["options", /client\/src\/(resolved-options|.*options)/],
  ["connection, subscriptions, requests and events", /./],
];

/** Those that are features. */
export const FEATURES: readonly string[] = PARTS.slice(0, 7).map(([part]) => part);
export const REST: readonly string[] = PARTS.slice(7).map(([part]) => part);

export function partOf(module: string): string {
  return PARTS.find(([, modules]) => modules.test(module))?.[0] ?? "";
}
