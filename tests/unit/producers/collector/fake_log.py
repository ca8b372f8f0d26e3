"""A log that is a list, and a delivery to it."""

import asyncio

from kafka.future import Future

from producers.collector.delivery import Delivery
from runtime.clock import SystemClock
from runtime.settings import CollectorSettings

PARTITIONS = 12


class FakeLog:
    """A producer that keeps what it is given, and acknowledges it at once unless told otherwise."""

    def __init__(self):
        self.sent, self.open, self.answers, self.closed = [], [], True, False
        self._sender = self

    def send(self, topic, value, partition):
        future = Future()
        self.sent.append((partition, value))
        self.open.append(future)
        if self.answers:
            self.acknowledge()
        return future

    def acknowledge(self):
        """Acknowledge all that was sent."""
        waiting, self.open = self.open, []
        for future in waiting:
            future.success(object())

    def refuse(self, error):
        """Fail all that was sent."""
        waiting, self.open = self.open, []
        for future in waiting:
            future.failure(error)

    @property
    def lines(self):
        return [line for _, value in self.sent for line in value.split(b"\n")]

    def force_close(self):
        self.closed = True

    def join(self, timeout):
        del timeout

    def close(self, timeout):
        del timeout


class Link:
    """A delivery to fake logs: each time it connects it is given another."""

    def __init__(self, **settings):
        self.logs = []
        self.settings = CollectorSettings(**{"pack_age_ms": 1} | settings)
        self.delivery = Delivery(self.settings, self._new, SystemClock())

    def _new(self):
        self.logs.append(FakeLog())
        return self.logs[-1], PARTITIONS

    @property
    def log(self):
        return self.logs[-1]

    async def __aenter__(self):
        self.delivery.open()
        await until(lambda: self.delivery.is_ready)
        return self

    async def __aexit__(self, *_):
        await self.delivery.close()


async def until(holds, limit_s=10):
    """Let the loop run until a condition holds."""
    async with asyncio.timeout(limit_s):
        while not holds():  # noqa: ASYNC110 -- any condition
            await asyncio.sleep(0.001)
