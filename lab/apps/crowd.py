"""Many TCP connections at once, each sending and receiving its own pseudo-random stream at a gentle pace.

    crowd.py listen ADDRESS PORT COUNT
    crowd.py connect ADDRESS PORT COUNT

An ordinary program that knows nothing of Latchkey. It writes one JSON object a line: "event" and "at", milliseconds of
CLOCK_MONOTONIC. Commands come on standard input:

    mark          say "moved" when every connection has received something it had not received before this command
    stop          end every stream, hear the other end out, and say "done" with what each connection sent and received

A connection that fails says "error" at once.
"""
import asyncio
import errno
import hashlib
import json
import random
import sys
import time

CHUNK, PAUSE = 1000, 0.5

stopping = asyncio.Event()
connections = []


def say(event, **facts):
    print(json.dumps({"event": event, "at": time.monotonic_ns() / 1e6, **facts}), flush=True)


class Connection:
    """One connection; both ends name it by the address and port of the one that connected."""

    def __init__(self, role, reader, writer):
        client = writer.get_extra_info("peername" if role == "listen" else "sockname")
        self.name = f"{client[0]} {client[1]}"
        self.reader, self.writer = reader, writer
        self.stream = random.Random(f"{role} {self.name}")
        self.sent, self.received = hashlib.sha256(), hashlib.sha256()
        self.octets_sent = self.octets_received = 0
        self.failed = False

    async def speak(self):
        await asyncio.sleep(random.random() * PAUSE)
        while not stopping.is_set():
            piece = self.stream.randbytes(CHUNK)
            self.writer.write(piece)
            self.sent.update(piece)
            self.octets_sent += len(piece)
            await self.writer.drain()
            await asyncio.sleep(PAUSE)
        self.writer.write_eof()

    async def hear(self):
        while piece := await self.reader.read(1 << 16):
            self.received.update(piece)
            self.octets_received += len(piece)

    async def live(self):
        for end in asyncio.as_completed([self.speak(), self.hear()]):
            try:
                await end
            except OSError as error:
                if not self.failed:
                    self.failed = True
                    say("error", connection=self.name, errno=errno.errorcode.get(error.errno, str(error)))
                self.writer.transport.abort()

    def report(self):
        return {
            "name": self.name, "sent": self.octets_sent, "sent_sha256": self.sent.hexdigest(),
            "received": self.octets_received, "received_sha256": self.received.hexdigest(), "failed": self.failed,
        }


async def moved(marks):
    while any(c.octets_received <= before for c, before in marks):
        await asyncio.sleep(0.02)
    say("moved")


async def obey():
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    waiting = []
    while line := await lines.readline():
        if line.strip() == b"mark":
            waiting.append(asyncio.create_task(moved([(c, c.octets_received) for c in connections])))
        elif line.strip() == b"stop":
            break
    for task in waiting:
        task.cancel()
    stopping.set()


async def main(role, address, port, count):
    complete = asyncio.Event()
    lives = []

    def begin(reader, writer):
        connection = Connection(role, reader, writer)
        connections.append(connection)
        lives.append(asyncio.create_task(connection.live()))
        if len(connections) == count:
            say("complete", connections=count)
            complete.set()

    if role == "listen":
        server = await asyncio.start_server(begin, address, port, backlog=count)
        say("listening")
        await complete.wait()
        server.close()
    else:
        for _ in range(count):
            begin(*await asyncio.open_connection(address, port))
    await obey()
    await asyncio.gather(*lives)
    say("done", connections=[c.report() for c in connections])


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
