// A server component asks over TCP while the page is made, and a client component over WebSocket in the page.

import type { ReactNode } from "react";
import { answer } from "./answer";
import { InTheBrowser } from "./in-the-browser";

export const dynamic = "force-dynamic";

export default async function Page(): Promise<ReactNode> {
  return (
    <main>
      <p id="server">{await answer(process.env.NATS_SERVER ?? "")}</p>
      <InTheBrowser servers={process.env.NATS_WEBSOCKET ?? ""} />
    </main>
  );
}
