// What the consumers compile and bundle: one small program for each of the two clients, as an ES module and in CommonJS. It answers itself over
// the server it is given and says so.

const BODY = `
async function main() {
  const nc = await connect({ servers: String(globalThis.SERVER), timeout: 20_000 });
  nc.subscribe("echo", { callback: (_error, msg) => void msg.respond(msg.data) });
  const sent = headers();
  sent.set("from", String(name()));
  const answer = await nc.request("echo", "hello", { timeout: 20_000, headers: sent });
  await nc.close();
  say("answered: " + answer.string());
}
main().catch((error) => say("failed: " + String(error)));
`;

const SAY = `const say = (line) => (globalThis.tell === undefined ? console.log(line) : globalThis.tell(line));`;

/** How a program is written: \`import\` or \`require\`. */
export type Module = "ESM" | "CJS";

/** A program, by the extension it has. */
export interface Program {
  readonly file: string;
  readonly text: string;
}

/** Whose client it uses. */
export type ClientName = "myelin" | "@myelin/light";
export const CLIENTS: readonly ClientName[] = ["myelin", "@myelin/light"];

// A name of the full client that is in no way part of connecting, and of the other one what it has.
const NAMES = { myelin: "connect, createInbox: name, headers", "@myelin/light": "connect, isNatsError: name, headers" };

/** In JavaScript. */
export function javaScript(client: ClientName, module: Module): Program {
  const names = NAMES[client];
  return module === "ESM"
    ? { file: "program.mjs", text: `import { ${names.replace(":", " as")} } from "${client}";\n${SAY}${BODY}` }
    : { file: "program.cjs", text: `const { ${names} } = require("${client}");\n${SAY}${BODY}` };
}

const TYPED = `
import { connect, type ConnectionOptions, createInbox, headers, type Msg, type NatsConnection } from "myelin";
import { parseServerUrl } from "@myelin/server-pool";
import { tcpTransport } from "@myelin/transport-node";

declare global {
  var SERVER: string;
}
async function main(): Promise<void> {
  const options: ConnectionOptions = { servers: globalThis.SERVER, timeout: 20_000, transports: [tcpTransport()] };
  const nc: NatsConnection = await connect(options);
  nc.subscribe("echo", { callback: (_error: Error | null, msg: Msg) => void msg.respond(msg.data) });
  const sent = headers();
  sent.set("from", createInbox());
  const answer: Msg = await nc.request(parseServerUrl("echo").hostname, "hello", { timeout: 20_000, headers: sent });
  // @ts-expect-error: types reach the consumer, so that what is no option is refused
  const wrong: ConnectionOptions = { servers: 7 };
  await nc.close();
  console.log("answered: " + answer.string() + (wrong === undefined ? "!" : ""));
}
main().catch((error: unknown) => console.log("failed: " + String(error)));
export {};
`;

const TYPED_LIGHT = TYPED.replace(
  'type ConnectionOptions, createInbox, headers, type Msg, type NatsConnection } from "myelin"',
  'type ConnectionOptions, headers, type Msg, type NatsConnection } from "@myelin/light"',
)
  .replace('import { parseServerUrl } from "@myelin/server-pool";\n', "")
  .replace('parseServerUrl("echo").hostname', '"echo"')
  .replace("createInbox()", '"me"');

/** In TypeScript. That for the smaller client is the same program with another import, but for two names it lacks. */
export function typeScript(client: ClientName, module: Module): Program {
  const text = client === "myelin" ? TYPED : TYPED_LIGHT;
  return { file: module === "ESM" ? "typed.mts" : "typed.cts", text };
}
