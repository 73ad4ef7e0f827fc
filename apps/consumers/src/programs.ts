// What the consumers compile and bundle: one small program, as an ES module and in CommonJS. It answers itself over the server it is given and
// says so.

const BODY = `
async function main() {
  const nc = await connect({ servers: String(globalThis.SERVER), timeout: 20_000 });
  nc.subscribe("echo", { callback: (_error, msg) => void msg.respond(msg.data) });
  const sent = headers();
  sent.set("from", createInbox());
  const answer = await nc.request("echo", "hello", { timeout: 20_000, headers: sent });
  await nc.close();
  say("answered: " + answer.string());
}
main().catch((error) => say("failed: " + String(error)));
`;

const SAY = `const say = (line) => (globalThis.tell === undefined ? console.log(line) : globalThis.tell(line));`;

/** How a program is written: \`import\` or \`require\`. */
export type Module = "ESM" | "CJS";

/** In JavaScript, by extension. */
export const javaScript: Readonly<Record<Module, { readonly file: string; readonly text: string }>> = {
  ESM: { file: "program.mjs", text: `import { connect, createInbox, headers } from "myelin";\n${SAY}${BODY}` },
  CJS: { file: "program.cjs", text: `const { connect, createInbox, headers } = require("myelin");\n${SAY}${BODY}` },
};

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

/** In TypeScript. */
export const typeScript: Readonly<Record<Module, { readonly file: string; readonly text: string }>> = {
  ESM: { file: "typed.mts", text: TYPED },
  CJS: { file: "typed.cts", text: TYPED },
};
