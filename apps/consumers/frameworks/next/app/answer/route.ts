// A route handler asks over TCP.

import { answer } from "../answer";

export const dynamic = "force-dynamic";

export async function GET(): Promise<Response> {
  return new Response(await answer(process.env.NATS_SERVER ?? ""));
}
