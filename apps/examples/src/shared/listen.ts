// The one loop behind sub, qsub and rply: subscribe, say so when the server knows, print, answer when there is an answer.

import { type Authenticator, connect } from "myelin";
import { count, onStop } from "./command-line.js";

export interface ListenOptions {
  readonly name: string;
  readonly server: string;
  readonly queue?: string;
  readonly max?: number;
  readonly answer?: string;
  readonly authenticator?: Authenticator | undefined;
}

export async function listen(subject: string, options: ListenOptions): Promise<void> {
  const max = options.max === undefined ? undefined : count("--max", options.max);
  const nc = await connect({ servers: options.server, name: options.name, authenticator: options.authenticator });
  try {
    const subscription = nc.subscribe(subject, { queue: options.queue, max });
    onStop(() => void subscription.drain());
    await nc.flush();
    console.log(`Listening on [${subject}]`);
    let number = 0;
    for await (const msg of subscription) {
      console.log(`[#${++number}] Received on [${msg.subject}]: '${msg.string()}'`);
      if (options.answer !== undefined) msg.respond(options.answer);
    }
  } finally {
    await nc.drain();
  }
}
