// P31 on real servers: a client certificate that lives for seconds is replaced by a move, nothing is lost, and the server sees the new one.

import { createTestAuthority, RealServer } from "@myelin/testing";
import { expect, it, onTestFinished } from "vitest";
import { record, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { open } from "./opened.js";
import { tlsFiles } from "./tls-files.js";

const LIFE = 8_000;

forEachServer((binary) => {
  it.each(["TCP", "WebSocket"])(
    "P31: over %s a certificate that is about to end is read again by a move, without a disconnect and without a lost message",
    {
      timeout: 60_000,
    },
    async (medium) => {
      const authority = await createTestAuthority("ours");
      const node = await authority.issue({ commonName: "node", dnsNames: ["localhost"] });
      const theirs = await tlsFiles(authority, node, ", verify: true");
      onTestFinished(theirs.remove);
      const overTcp = medium === "TCP";
      const server = await RealServer.start(
        overTcp ? { binary, config: theirs.config } : { binary, websocket: theirs.config },
      );
      onTestFinished(() => server.stop());
      const issue = (ms: number) =>
        authority.issue({ commonName: "client", client: true, notAfter: new Date(Date.now() + ms) });
      const short = await issue(LIFE);
      const ours = await tlsFiles(authority, short);
      onTestFinished(ours.remove);

      const nc = await open({
        servers: (overTcp ? server.url : server.websocketUrl).replace("127.0.0.1", "localhost"),
        tls: ours.options,
      });
      const events = record(nc, "handover", "disconnect", "error");
      const got: string[] = [];
      nc.subscribe("n", { callback: (_, msg) => void got.push(msg.string()) });
      await nc.flush();
      const fresh = await issue(3_600_000);
      await ours.write({ cert: fresh.certPem, key: fresh.keyPem });

      let sent = 0;
      await until("it has moved", () => {
        nc.publish("n", String(sent++));
        return events.length > 0;
      });
      for (let i = 0; i < 100; i++) nc.publish("n", String(sent++));
      await until("everything is there", () => got.length === sent);
      expect(got).toEqual(Array.from({ length: sent }, (_, n) => String(n)));
      expect(events).toMatchObject([{ type: "handover", reason: "credentials" }]);
    },
  );
});
