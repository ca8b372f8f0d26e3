"""A TCP proxy between a worker and the engine that does on command what networks do by chance.

It understands just enough of the native protocol to know where an INSERT is: asked for (the query has
passed), open (the engine has said which columns), sent (rows have passed). One thread, one event loop.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from enum import Enum, auto

INSERT = b"INSERT INTO "
END_OF_STREAM = b"\x05"
CHUNK = 1 << 16


class Armed:
    """A fault that waits for the next INSERT. `hit` is set when it has struck."""

    def __init__(self, table=b""):
        self.table = table
        self.hit = threading.Event()


class LoseReply(Armed):
    """The INSERT is applied, and its acknowledgement never comes: the connection is reset instead."""


class CutInsert(Armed):
    """The connection is reset when a share of the first rows has passed."""

    def __init__(self, share, table=b""):
        super().__init__(table)
        self.share = share


class HoldInsert(Armed):
    """The first rows are kept, and with them all that clients send from then on, until `release`."""


class Stage(Enum):
    IDLE = auto()
    ASKED = auto()
    OPEN = auto()
    SENT = auto()


class Proxy:
    """Listens on a port of its own and passes everything on to `target_port` of loopback."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.port = 0
        self.delay_s = 0.0
        self.refusing = False
        self.links = set()
        self._serving = set()
        self._armed = []
        self._arming = threading.Lock()
        self._held = Counter()  # whether they are of an INSERT -> bytes
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()
        self._ready.wait()

    def arm(self, fault):
        """Let a fault strike the next INSERT (into its table, if it names one) of whatever connection."""
        with self._arming:
            self._armed.append(fault)
        return fault

    def disarm(self, fault):
        with self._arming, contextlib.suppress(ValueError):
            self._armed.remove(fault)

    def take_armed(self, query):
        with self._arming:
            for fault in self._armed:
                if fault.table in query:
                    self._armed.remove(fault)
                    return fault
        return None

    def reset(self):
        """Reset all connections; return how many there were."""
        return self._call(self._reset)

    def hold(self):
        """A black hole: what clients send is kept, connections stay open. Ends with `release`."""
        self._call(self.hold_from_here)

    def hold_from_here(self):
        """The same, for what runs in the loop of the proxy."""
        self._flow.clear()

    def release(self):
        """Pass on what was kept, also of clients that no longer wait for it."""
        self._call(self._flow.set)

    @property
    def held_bytes(self):
        """Bytes of clients that are being kept right now."""
        return sum(self._held.values())

    @property
    def held_insert_bytes(self):
        """Of these, bytes of an INSERT; a driver that only asks whether anybody is there sends none."""
        return self._held[True]

    def close(self):
        self._call(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _call(self, work):
        async def at_once():
            return work()

        return asyncio.run_coroutine_threadsafe(at_once(), self._loop).result(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        self._flow, self._stop = asyncio.Event(), asyncio.Event()
        self._flow.set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        self._flow.set()
        self._reset()
        if self._serving:
            await asyncio.wait(self._serving)

    def _reset(self):
        links = list(self.links)
        for link in links:
            link.cut()
        return len(links)

    async def _accept(self, reader, writer):
        if self.refusing:
            abort(writer)
            return
        link, serving = Link(self, reader, writer), asyncio.current_task()
        self.links.add(link)
        self._serving.add(serving)
        try:
            await link.run()
        finally:
            self.links.discard(link)
            self._serving.discard(serving)

    async def keep(self, size, *, of_insert):
        """Wait while a fault keeps what a client sent."""
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if not self._flow.is_set():
            self._held[of_insert] += size
            try:
                await self._flow.wait()
            finally:
                self._held[of_insert] -= size


class Link:
    """One connection: both ways, and how far its INSERT is."""

    def __init__(self, proxy, reader, writer):
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._stage = Stage.IDLE
        self._fault = None
        self._up = None

    async def run(self):
        try:
            up_reader, self._up = await asyncio.open_connection("127.0.0.1", self._proxy.target_port)
        except OSError:
            abort(self._writer)
            return
        ways = [asyncio.ensure_future(self._upwards()), asyncio.ensure_future(self._downwards(up_reader))]
        with contextlib.suppress(OSError):
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for writer in (self._up, self._writer):
            writer.close()

    def cut(self):
        """Reset both sides."""
        for writer in (self._writer, self._up):
            if writer is not None:
                abort(writer)

    async def _upwards(self):
        while data := await self._reader.read(CHUNK):
            if INSERT in data:
                self._stage = Stage.ASKED
                self._fault = self._proxy.take_armed(data)
            elif self._stage is Stage.OPEN:
                self._stage = Stage.SENT
                if isinstance(self._fault, CutInsert):
                    self._up.write(data[: int(len(data) * self._fault.share)])
                    await self._up.drain()
                    self._fault.hit.set()
                    self.cut()
                    return
                if isinstance(self._fault, HoldInsert):
                    self._proxy.hold_from_here()
                    self._fault.hit.set()
            await self._proxy.keep(len(data), of_insert=self._stage is not Stage.IDLE)
            self._up.write(data)
            await self._up.drain()

    async def _downwards(self, reader):
        while data := await reader.read(CHUNK):
            if self._stage is Stage.ASKED:
                self._stage = Stage.OPEN
            elif self._stage is Stage.SENT and data.endswith(END_OF_STREAM):
                if isinstance(self._fault, LoseReply):
                    self._fault.hit.set()
                    self.cut()
                    return
                self._stage = Stage.IDLE
            self._writer.write(data)
            await self._writer.drain()


def abort(writer):
    """Close with RST: what is under way is lost."""
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
