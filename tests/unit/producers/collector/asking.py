"""Ask an ASGI application as a client would, without a socket; and a log that is a list."""

import asyncio
import json
from typing import NamedTuple

from kafka.future import Future

from producers.collector.admission import Sender
from producers.collector.delivery import Delivery
from runtime.clock import SystemClock
from runtime.settings import CollectorSettings
from tests.unit.producers.collector.senders import a_key

PARTITIONS = 12


class Answer(NamedTuple):
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


async def ask(app, *, method="POST", path="/v1/events", headers=(), body=b"", hang_up=False):
    """The answer to a request whose body is bytes or a list of chunks; `hang_up` ends it before its end."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.disconnect"} if hang_up else {"type": "http.request", "body": b""})
    pending = iter(messages)
    sent = []

    async def receive():
        return next(pending)

    async def send(message):
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in dict(headers).items()],
        "client": ("192.0.2.7", 50_000), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    start, *rest = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], answered, b"".join(message.get("body", b"") for message in rest))


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


def a_sender(kind="server"):
    return Sender(a_key(kind))
