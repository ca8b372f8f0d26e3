"""Serve the collector: sockets, signals, time limits of a connection. It owns IO."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from producers.collector.app import make_app
from producers.collector.delivery import Delivery, new_link
from producers.collector.door import Door
from producers.collector.intake import Intake
from producers.collector.keys import KeysFile
from producers.collector.limits import RateLimits
from producers.collector.network import networks
from producers.collector.ops import Pages
from producers.collector.pseudonyms import Pseudonyms
from runtime.clock import SystemClock
from runtime.metrics import CollectorMetrics
from runtime.sealing import Seal
from runtime.settings import CollectorSettings, Settings

BACKLOG = 1024
MAX_AROUND_BODY = 256 * 1024
"""Bytes of a request that are not its body. A head has a few hundred, a chunk of a body a dozen."""
HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
GC_THRESHOLDS = (50_000, 20, 100)
"""A request leaves no cycles behind: looking for them among what is under way is time lost."""

_log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; then end the requests under way, send what is open, and return."""
    gc.set_threshold(*GC_THRESHOLDS)
    listening = _listen(settings.collector.bind, settings.collector.port)
    server = uvicorn.Server(_config(settings))
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again at its end: to this
        signal.signal(number, partial(_stop, server))
    server.run(sockets=[listening])


def collector(settings: Settings) -> FastAPI:
    """Return the application with everything that it needs, made from the settings."""
    of_collector, clock, metrics = settings.collector, SystemClock(), CollectorMetrics()
    delivery = Delivery(of_collector, partial(new_link, settings.kafka, of_collector), clock)
    pseudonyms = Pseudonyms(of_collector.pseudonym_key)
    limits = RateLimits(of_collector.network_events_per_s, of_collector.network_burst)
    intake = Intake(
        of_collector,
        delivery,
        pseudonyms,
        Seal.of(settings.quarantine_key, "collector"),
        limits,
        metrics,
        clock,
    )
    trusted = networks(of_collector.trusted_proxies)
    keys = KeysFile(of_collector.keys_file, clock)
    metrics.keys_broken.set_function(lambda: keys.is_broken)
    door = Door(keys, limits, trusted, clock)
    pages = Pages(delivery, metrics)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        delivery.open()
        port = await pages.open(of_collector.ops_bind, of_collector.ops_port)
        _log.info("health and metrics at %s:%d", of_collector.ops_bind, port)
        try:
            yield
        finally:
            await delivery.close()
            await pages.close()

    return make_app(of_collector, door=door, intake=intake, metrics=metrics, clock=clock, lifespan=life)


class Connection(HttpToolsProtocol):
    """An HTTP connection whose sender must come to the point in time; too many are closed at once.

    Without the limit a sender could hold a connection for ever: with a head that never ends, or with a body
    that goes on after it was refused. In between, the reader of the body watches the time.
    """

    limits = CollectorSettings()
    _patience: asyncio.TimerHandle | None = None
    _is_sending = False
    _around_body = 0
    _of_body = 0
    _has_ended = False

    def data_received(self, data: bytes) -> None:
        """Read on. What is no body (head, chunk sizes, trailers) the parser would keep without a limit."""
        self._of_body, self._has_ended = 0, False
        super().data_received(data)
        self._around_body = 0 if self._has_ended else self._around_body + len(data) - self._of_body
        if self._around_body > MAX_AROUND_BODY and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(HEAD_TOO_LARGE)
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Take up a part of a body."""
        self._of_body += len(body)
        super().on_body(body)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.max_connections:
            transport.abort()
            return
        self._wait()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._is_sending = True
        self._wait()

    def on_headers_complete(self) -> None:
        """Take up a request."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request."""
        self._is_sending, self._has_ended = False, True
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """End an answer; what still comes of its request is thrown away."""
        super().on_response_complete()
        if self._is_sending and not self.transport.is_closing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(self.limits.read_timeout_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _config(settings: Settings) -> uvicorn.Config:
    of_collector = settings.collector
    limited: Any = type("LimitedConnection", (Connection,), {"limits": of_collector})
    return uvicorn.Config(
        collector(settings),
        loop="uvloop",
        http=limited,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the door judges them: only listed proxies are believed
        timeout_keep_alive=of_collector.keep_alive_s,
        timeout_graceful_shutdown=max(round(of_collector.stop_deadline_s), 1),
        backlog=BACKLOG,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Listen. Several collectors of one machine may share a port: the kernel shares out connections."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    _log.info("events at http://%s:%d/v1/events", host, listening.getsockname()[1])
    return listening


def _stop(server: uvicorn.Server, *_: object) -> None:
    server.should_exit = True
