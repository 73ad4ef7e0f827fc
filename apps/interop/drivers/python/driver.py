"""The nats-py end: JSON lines in, nats-py calls, JSON lines out. The protocol is described in ../../README.md."""

import asyncio
import base64
import importlib.metadata
import json
import platform
import sys

import nats
from nats.errors import NoRespondersError, TimeoutError as NatsTimeoutError

LONGEST_LINE = 16 * 1024 * 1024

connections = {}
subscriptions = {}


def say(line):
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
    sys.stdout.buffer.flush()


def to_headers(pairs):
    # nats-py has one value for each name.
    return None if pairs is None else {name: values[-1] for name, values in pairs}


def to_message(msg):
    found = dict(msg.headers or {})
    # A status line comes among the headers, under these two names.
    status = int(found.pop("Status", 0))
    description = found.pop("Description", "") if status else ""
    return {
        "subject": msg.subject,
        "reply": msg.reply,
        "data": base64.b64encode(msg.data).decode(),
        "headers": [[name, [value]] for name, value in found.items()],
        "status": status,
        "description": description,
    }


def to_error(error):
    if isinstance(error, NoRespondersError):
        code = "no-responders"
    elif isinstance(error, (NatsTimeoutError, asyncio.TimeoutError)):
        code = "timeout"
    else:
        code = "failed"
    return {"code": code, "text": f"{type(error).__name__}: {error}"}


async def round_trip(nc):
    # flush() may write its PING ahead of commands that still wait; a request to nobody goes behind them.
    try:
        await nc.request(nc.new_inbox(), timeout=15)
    except NoRespondersError:
        pass


async def op_connect(conn, servers, noEcho):
    connections[conn] = await nats.connect(servers=servers, no_echo=noEcho)


async def op_subscribe(nc, sub, subject, queue="", max=0, respond=None):
    async def on_message(msg):
        say({"event": "message", "sub": sub, "message": to_message(msg)})
        if respond is None or not msg.reply:
            return
        if "data" in respond:
            await nc.publish(msg.reply, base64.b64decode(respond["data"]), headers=to_headers(respond.get("headers")))
        else:
            await nc.publish(msg.reply, msg.data, headers=msg.headers)

    subscription = await nc.subscribe(subject, queue=queue, cb=on_message)
    subscriptions[sub] = subscription
    if max:
        await subscription.unsubscribe(limit=max)
    await round_trip(nc)


async def op_unsubscribe(nc, sub, max=0):
    await subscriptions[sub].unsubscribe(limit=max)
    await round_trip(nc)


async def op_drainSubscription(nc, sub):
    await subscriptions[sub].drain()


async def op_publish(nc, subject, data, reply="", headers=None):
    await nc.publish(subject, base64.b64decode(data), reply=reply, headers=to_headers(headers))


async def op_burst(nc, subject, first, count):
    for number in range(first, first + count):
        await nc.publish(subject, str(number).encode())


async def op_request(nc, subject, data, timeout, headers=None):
    answer = await nc.request(subject, base64.b64decode(data), timeout=timeout / 1000, headers=to_headers(headers))
    return {"message": to_message(answer)}


async def op_requestMany(nc, subject, data, count, timeout):
    # nats-py has no call for it: an inbox of our own.
    inbox = nc.new_inbox()
    subscription = await nc.subscribe(inbox, max_msgs=count)
    await nc.publish(subject, base64.b64decode(data), reply=inbox)
    messages = []
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout / 1000
    try:
        while len(messages) < count and loop.time() < deadline:
            messages.append(to_message(await subscription.next_msg(timeout=deadline - loop.time())))
    except NatsTimeoutError:
        pass
    await subscription.unsubscribe()
    return {"messages": messages}


async def op_flush(nc):
    await nc.flush()


async def op_drain(nc):
    await nc.drain()


async def op_close(nc):
    await nc.close()


async def handle(command):
    number, op, conn = command.pop("id"), command.pop("op"), command.pop("conn")
    try:
        run = globals()["op_" + op]
        result = await (run(conn, **command) if op == "connect" else run(connections[conn], **command))
        say({"id": number, **(result or {})})
    except Exception as error:  # noqa: BLE001 - whatever it is, the other end is told
        say({"id": number, "error": to_error(error)})


async def main():
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say(
        {
            "event": "ready",
            "library": "nats-py",
            "version": importlib.metadata.version("nats-py"),
            "runtime": f"python {platform.python_version()}",
        }
    )
    # Each command is begun in the order of the lines, and none waits for the one before.
    running = set()
    while line := await reader.readline():
        task = asyncio.create_task(handle(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


asyncio.run(main())
