import { RealCluster } from "@myelin/testing";
import { connect } from "../src/index.ts";

const cluster = await RealCluster.start({ size: 3, lameDuckGracePeriod: 10 });
try {
  const responders = await Promise.all([0, 1].map((i) => connect({ servers: cluster.urls, name: "responder" + i })));
  let handled = 0;
  for (const r of responders)
    r.subscribe("svc", {
      queue: "q",
      callback: (_e, m) => {
        handled++;
        m.respond(m.data);
      },
    });
  const plain = await connect({ servers: cluster.urls, name: "plain" });
  const nc = await connect({ servers: cluster.urls, name: "requester" });
  for (const [n, c] of [
    ["r0", responders[0]],
    ["r1", responders[1]],
    ["plain", plain],
    ["req", nc],
  ] as const)
    for (const t of ["disconnect", "reconnect", "handover", "attemptFailed", "error", "ldm"] as const)
      c.on(t, (s: any) =>
        console.log(performance.now().toFixed(0), n, t, s.server, s.from ?? "", s.error?.message ?? ""),
      );
  let got = 0,
    expected = 0;
  let last = -1,
    dup = 0,
    gap = 0;
  plain.subscribe("ticks", {
    callback: (_e, m) => {
      const n = Number(m.string());
      if (n <= last) dup++;
      else if (n !== last + 1) gap += n - last - 1;
      last = Math.max(n, last);
      got++;
    },
  });
  await plain.flush();
  for (const r of responders) await r.flush();
  await new Promise((r) => setTimeout(r, 200));
  let sent = 0,
    ok = 0;
  const failed: string[] = [];
  const maxLat = 0;
  const lats: number[] = [];
  const pub = await connect({ servers: cluster.urls, name: "pub" });
  const timer = setInterval(() => {
    for (let i = 0; i < 10; i++) {
      sent++;
      const t = performance.now();
      nc.request("svc", "x", { timeout: 4000 }).then(
        () => {
          ok++;
          lats.push(performance.now() - t);
        },
        (e) => failed.push(e.message),
      );
      pub.publish("ticks", String(expected++));
    }
  }, 10);
  for (const node of cluster.servers) {
    await new Promise((r) => setTimeout(r, 1000));
    console.log(performance.now().toFixed(0), "LDM", node.port);
    node.lameDuck();
    while ((await node.connz()).num_connections > 0) await new Promise((r) => setTimeout(r, 20));
    await node.restart();
    await cluster.waitForMesh();
  }
  await new Promise((r) => setTimeout(r, 1000));
  clearInterval(timer);
  await new Promise((r) => setTimeout(r, 500));
  lats.sort((a, b) => a - b);
  console.log({
    sent,
    ok,
    failed: failed.length,
    handled,
    p50: lats[lats.length >> 1],
    p99: lats[Math.floor(lats.length * 0.99)],
    max: lats.at(-1),
    got,
    expected,
    dup,
    gap,
    stats: nc.stats().reconnects,
  });
  console.log([...new Set(failed)]);
  for (const c of [nc, pub, plain, ...responders]) await c.close();
} finally {
  await cluster.stop();
}
