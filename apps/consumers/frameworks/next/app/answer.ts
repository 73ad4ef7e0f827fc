// One request over the server given, answered by ourselves. The server's parts call it with nats://, the page with ws://: which transports there are
// is a matter of the bundle.

import { type ConnectionOptions, connect, createInbox } from "myelin";

export async function answer(servers: string): Promise<string> {
  const options: ConnectionOptions = { servers, timeout: 20_000 };
  // @ts-expect-error: types reach the application, so that what is no option is refused
  const wrong: ConnectionOptions = { servers: 7 };
  const nc = await connect(wrong === undefined ? {} : options);
  const subject = createInbox();
  nc.subscribe(subject, { callback: (_error, msg) => void msg.respond(msg.data) });
  const answered = await nc.request(subject, "hello", { timeout: 20_000 });
  await nc.close();
  return `answered: ${answered.string()}`;
}
