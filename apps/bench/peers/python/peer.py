"""nats-py as a contestant: `peer.py pub|sub <url> <messages> <size> <warm-up>`. Works, measures itself, prints one line of
JSON. The protocol is described in ../../README.md."""

import asyncio
import json
import resource
import sys
import time

import nats

SUBJECT = "orders.eu.created"
PER_TURN = 1_000


async def publish(nc, messages, size):
    payload = b"x" * size
    for sent in range(messages):
        await nc.publish(SUBJECT, payload)
        if sent % PER_TURN == 0:
            await asyncio.sleep(0)
    await nc.flush(timeout=60)


class Receiver:
    def __init__(self, nc):
        self.nc = nc
        self.seen = self.bytes = self.wanted = 0
        self.done = asyncio.Event()

    async def start(self):
        await self.nc.subscribe(SUBJECT, cb=self.on_message, pending_msgs_limit=-1, pending_bytes_limit=-1)
        await self.nc.flush()

    async def on_message(self, msg):
        self.seen += 1
        self.bytes += len(msg.data)
        if self.seen == self.wanted:
            self.done.set()

    async def receive(self, messages, size):
        self.seen = self.bytes = 0
        self.wanted = messages
        self.done.clear()
        await self.nc.publish(f"blast.{size}.{messages}", b"")
        await self.nc.flush(timeout=60)
        await self.done.wait()
        if self.bytes != messages * size:
            raise RuntimeError(f"{self.bytes} bytes instead of {messages * size}")


async def main(verb, url, messages, size, warm_up):
    nc = await nats.connect(url)
    receiver = Receiver(nc)
    if verb == "sub":
        await receiver.start()

    async def work(count):
        if verb == "sub":
            await receiver.receive(count, size)
        else:
            await publish(nc, count, size)

    await work(warm_up)
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    await work(messages)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF)
    await nc.close()
    system = after.ru_stime - before.ru_stime
    user = after.ru_utime - before.ru_utime
    outcome = {
        "messages": messages,
        "cpuNs": (user + system) * 1e9,
        "systemNs": system * 1e9,
        "wallMs": wall * 1e3,
        "peakRss": after.ru_maxrss * 1024,
    }
    print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
